"""A folder of text files, a sub-folder a class."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from lab.errors import bad_value
from predictors.data.arrays import from_arrays
from predictors.data.examples import Examples
from predictors.data.readers.classes import labelled, labels_of

SUFFIXES = (".txt",)
# Far more than the words of a text that count.
MOST_CHARACTERS = 20_000


def load(path: str | os.PathLike[str]) -> Examples:
    """Return every .txt file below a folder, UTF-8, labelled by its sub-folder.

    Of a file's text the first 20,000 characters are taken; how many are longer is noted in config.json. train/ and
    test/ are parts of the data, as for images.

    Args:
        path: The folder.

    Raises:
        UsageError: On a file that is not UTF-8 or has no word in it, or fewer than two classes.
    """
    root = Path(path).expanduser()
    parts, notes = labelled(root, SUFFIXES, "texts")
    read = [[_read(file) for file in part.files] for part in parts]
    long = sum(len(text) > MOST_CHARACTERS for texts in read for text in texts)
    notes = [*notes, *([f"took the first {MOST_CHARACTERS:,} characters of {long} longer texts"] if long else [])]
    arrays = [
        (np.array([text[:MOST_CHARACTERS] for text in texts]), labels_of(part))
        for texts, part in zip(read, parts, strict=True)
    ]
    return from_arrays(
        *arrays[0], test=arrays[1] if len(arrays) > 1 else None, name=root.resolve().name, kind="folder",
        notes=tuple(notes),
    )  # fmt: skip


def _read(file: Path) -> str:
    from predictors.data.words import has_word

    try:
        with file.open(encoding="utf-8-sig") as opened:
            text = opened.read(MOST_CHARACTERS + 1)
    except UnicodeDecodeError as error:
        received, fix = f"bytes that are no UTF-8 ({error.reason})", "iconv -f latin1 -t utf-8 converts such a file."
        raise bad_value("texts", str(file), received, "UTF-8", fix) from error
    if not has_word(text):
        raise bad_value("texts", str(file), "no word", "a text with at least one", "remove it.")
    return text
