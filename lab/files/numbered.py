"""Files of a run that are numbered by step, such as `samples-000000500.png`."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

NUMBERED = re.compile(r"(.+?)-([0-9]{1,15})")


def numbered(kind: str, step: int, suffix: str) -> str:
    """Return the name of the file that shows a kind of thing at a step."""
    return f"{kind}-{step:09d}{suffix}"


def by_kind(folder: Path, suffixes: Collection[str]) -> dict[tuple[str, str], list[tuple[int, Path]]]:
    """Return a folder's files by what they show and how they end, each with its step, by step; -1 without a number.

    Args:
        folder: It need not be there; one that is a link is not followed.
        suffixes: Which files count, in lower case; hidden ones do not.
    """
    found: dict[tuple[str, str], list[tuple[int, Path]]] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() and not folder.is_symlink() else []:
        suffix = path.suffix.lower()
        if suffix in suffixes and not path.name.startswith("."):
            match = NUMBERED.fullmatch(path.stem)
            kind, step = (match[1], int(match[2])) if match else (path.stem, -1)
            found.setdefault((kind, suffix), []).append((step, path))
    for files in found.values():
        files.sort()
    return found
