"""A folder of PNG or JPEG images as a data set; sub-folders are class labels, or parts to train and to test on."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np

from generative.data.dataset import Dataset
from generative.datasets.conversion.arrays import FEWEST_ROWS, from_arrays
from generative.datasets.conversion.decoding import Head, Unreadable, colour, decode, head
from generative.datasets.conversion.splits import SUFFIXES, Part, find
from lab.errors import UnconfirmedSource, UsageError, bad_value

MOST_BYTES = 8 << 30
SHOWN = 3


def load(path: str | os.PathLike[str], size: int | tuple[int, int] | None = None, background: str = "white") -> Dataset:
    """Return every image below a folder, uint8 (H, W, 1) if all are gray, else (H, W, 3).

    What is transparent is laid on the background, values of 16 bits are rounded to 8 by their whole range, and images
    are turned as the camera noted. Where the folder holds sub-folders with images, each is a class, in alphabetical
    order, with its name, except train/ and test/ (or val/), which are parts of the data; without them a fifth of the
    images is held out, as for arrays. Names decide the order, so that equal folders give equal data sets. What is left
    out (other formats, hidden and unreadable files) or converted is counted, warned of and noted in config.json.

    Args:
        path: The folder.
        size: Pixels of height and width, or of both, to which images are scaled and, where their proportions differ,
            cropped around the centre; None takes them as they are, which must be one size.
        background: Colour behind what is transparent: a name that HTML knows, or #rrggbb.

    Raises:
        UsageError: When there is no such folder, it holds fewer than ten readable images or both classes and loose
            images, sizes differ, or all would not fit in memory (8 GiB).
    """
    root = Path(path).expanduser()
    if not root.is_dir():
        raise bad_value("folder", "path", str(path), "a folder of images", f"give one; there is no {root.absolute()}.")
    behind = colour(background)
    found, wanted = find(root), _checked_size(size)
    parts = [found.train] if found.test is None else [found.train, found.test]
    damaged: dict[Path, str] = {}
    heads = _heads([file for part in parts for file in part.files], damaged)
    _check_number(root, heads, damaged)
    shape = wanted or _common_size(heads)
    gray = all(h.gray for h in heads.values())
    # Behind gray images a coloured background shows as such.
    channels = 1 if gray and (len({*behind}) == 1 or not any(h.transparent for h in heads.values())) else 3
    total = len(heads) * shape[0] * shape[1] * channels
    if total > MOST_BYTES:
        received = f"{total / 2**30:.1f} GiB of pixels"
        raise bad_value("folder", str(root), received, f"at most {MOST_BYTES >> 30} GiB", "size=64 makes them smaller.")
    read = [_read(part, heads, (*shape, channels), wanted, behind, damaged) for part in parts]
    _check_number(root, [row for rows, _ in read for row in rows], damaged)
    (rows, classes), *rest = read
    held_out = dict(zip(("test", "test_labels"), rest[0], strict=True)) if rest else {}
    said = [*found.notes, *_conversions(heads, background, damaged, root)]
    distinct = len({hashlib.blake2b(row.data, digest_size=16).digest() for row in rows})
    if 1 < distinct <= len(rows) // 2:
        said.append(f"only {distinct} of {len(rows)} images to train on differ")
    return from_arrays(rows, classes, **held_out, low=0, high=255, name=root.resolve().name, kind="folder", notes=said)


def check_links(root: Path, run: Path) -> None:
    """Check that no image below a folder in a run is a link that leads out of the run.

    Raises:
        UnconfirmedSource: When one is; the text goes on after "which".
    """
    inside = run.resolve()
    if not root.resolve().is_relative_to(inside):
        # A folder that the user lets runs look in; what it links to is the user's own affair.
        return
    astray = next((f for f in root.rglob("*") if not f.resolve().is_relative_to(inside)), None)
    if astray is not None:
        raise UnconfirmedSource(f"has the link {astray.name!r} that leads out of the run.")


def _checked_size(size: Any) -> tuple[int, int] | None:
    if size is None:
        return None
    both = size if isinstance(size, (tuple, list)) else (size, size)
    if len(both) != 2 or any(isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1 for n in both):
        raise bad_value("folder", "size", size, "pixels, a whole number > 0, or a pair (height, width)")
    return int(both[0]), int(both[1])


def _check_number(root: Path, images: Any, damaged: dict[Path, str]) -> None:
    if len(images) >= FEWEST_ROWS:
        return
    beside = f" and {len(damaged)} that cannot be read as an image" if damaged else ""
    fix = f"mend or remove {_named(damaged, root)}." if damaged else ""
    kinds = ", ".join(SUFFIXES)
    expected = f"at least {FEWEST_ROWS} files that end in {kinds}"
    raise UsageError(
        f"folder: images in {root} received {len(images)}{beside}; expected {expected}.{fix and f' Fix: {fix}'}"
    )


def _heads(files: list[Path], damaged: dict[Path, str]) -> dict[Path, Head]:
    """Return what the files' heads say of them; add those that cannot be read to `damaged`."""
    heads = {}
    for file in files:
        try:
            heads[file] = head(file)
        except Unreadable as error:
            damaged[file] = str(error)
    return heads


def _common_size(heads: dict[Path, Head]) -> tuple[int, int]:
    first, size = next((file, each.size) for file, each in heads.items())
    for file, each in heads.items():
        if each.size != size:
            received = f"{size} in {first.name} and {each.size} in {file.name}"
            raise bad_value("folder", "sizes (height, width)", received, "one size", "folder:PATH,size=64, or another.")
    return size


def _read(
    part: Part, heads: dict[Path, Head], shape: tuple[int, int, int], size: tuple[int, int] | None,
    background: tuple[int, int, int], damaged: dict[Path, str],
) -> tuple[np.ndarray, list[str] | None]:  # fmt: skip
    """Return the images of a part, uint8 (N, *shape), and their classes, without those that turn out to be damaged."""
    rows = np.empty((sum(file in heads for file in part.files), *shape), np.uint8)
    kept: list[int] = []
    for i, file in enumerate(part.files):
        if file not in heads:
            continue
        try:
            pixels = decode(file, shape[2], size, background)
            if pixels.shape != shape:
                raise Unreadable(f"pixels of shape {pixels.shape}, head of {shape}")
        except Unreadable as error:
            damaged[file] = str(error)
            continue
        rows[len(kept)] = pixels
        kept.append(i)
    classes = None if part.classes is None else [part.classes[i] for i in kept]
    return rows[: len(kept)], classes


def _conversions(heads: dict[Path, Head], background: str, damaged: dict[Path, str], root: Path) -> list[str]:
    """Return in words what was done to images, and which were left out."""
    whole = [each for file, each in heads.items() if file not in damaged]
    counts = {name: sum(getattr(each, name) for each in whole) for name in ("transparent", "deep", "animated")}
    said = []
    if damaged:
        said.append(f"left out {len(damaged)} unreadable images: {_named(damaged, root)}")
    if counts["transparent"]:
        said.append(f"laid {counts['transparent']} transparent images on {background} (background=...)")
    if counts["deep"]:
        said.append(f"rounded {counts['deep']} images of 16 bits to 8")
    if counts["animated"]:
        said.append(f"took the first frame of {counts['animated']} animated images")
    return said


def _named(damaged: dict[Path, str], root: Path) -> str:
    listed = [
        f"{file.relative_to(root).as_posix()} ({why.replace(str(file), file.name)})"
        for file, why in list(damaged.items())[:SHOWN]
    ]
    return ", ".join(listed) + (", ..." if len(damaged) > SHOWN else "")
