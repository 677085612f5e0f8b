"""What kind of files a folder holds, and which reader is for them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from generative.datasets.conversion.splits import SUFFIXES as IMAGES
from lab.errors import bad_value
from predictors.data.readers import sounds, texts

KINDS = {"images": IMAGES, "sounds": sounds.SUFFIXES, "texts": texts.SUFFIXES}


def reader_for(path: str, images: Any) -> Any:
    """Return the loader for what lies in a folder; see `generative.datasets.sources.read_any`.

    What counts lies in sub-folders, each of which is a class, so that a note beside them does not.

    Args:
        path: The folder.
        images: The loader for images, and for what is no folder.

    Raises:
        UsageError: When it holds several kinds of files, or none that can be read.
    """
    root = Path(path).expanduser()
    if not root.is_dir():
        return images
    counts, loose = Counter[str](), Counter[str]()
    for file in root.rglob("*"):
        parts = file.relative_to(root).parts
        kind = next((name for name, suffixes in KINDS.items() if file.suffix.lower() in suffixes), None)
        if kind is not None and file.is_file() and not any(part.startswith(".") for part in parts):
            (counts if len(parts) > 1 else loose)[kind] += 1
    if len(counts) > 1:
        received = " and ".join(f"{number} {kind}" for kind, number in sorted(counts.items()))
        raise bad_value("folder", str(root), received, "one kind of files", "sort each kind into a folder of its own.")
    kind = next(iter(counts or loose), None)
    if kind is None:
        known = ", ".join(suffix for suffixes in KINDS.values() for suffix in suffixes)
        raise bad_value("folder", str(root), "no such files", f"files that end in {known}, a sub-folder a class")
    return {"images": images, "sounds": sounds.load, "texts": texts.load}[kind]
