"""The files of a folder in which each sub-folder is a class."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from generative.datasets.conversion.splits import Part, find
from lab.errors import bad_value


def labelled(root: Path, suffixes: tuple[str, ...], things: str) -> tuple[list[Part], list[str]]:
    """Return the files of a folder, to train on and, where it says so, to test on, all with classes; and notes.

    Raises:
        UsageError: When there is no such folder, it holds no such files, or they have no classes.
    """
    if not root.is_dir():
        raise bad_value("folder", "path", str(root), "a folder", f"give one; there is no {root.absolute()}.")
    found = find(root, suffixes, things)
    parts = [part for part in (found.train, found.test) if part is not None]
    classes = {name for part in parts for name in part.classes or ()}
    if len(classes) < 2:
        received = f"{len(classes)} of them" if classes else "none"
        fix = "a sub-folder for each class."
        raise bad_value("folder", f"classes of the {things} in {root}", received, "at least two", fix)
    return parts, found.notes


def labels_of(part: Part) -> np.ndarray:
    """Return the class of each file, str (N,)."""
    return np.array(part.classes)
