"""A folder of PNG or JPEG images as a data set; sub-folders are class labels."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import numpy as np

from generative.data import Dataset
from generative.datasets.arrays import FEWEST_ROWS, from_arrays
from lab.errors import UnconfirmedSource, UsageError, bad_value

SUFFIXES = (".png", ".jpg", ".jpeg")
MOST_BYTES = 8 << 30
GRAY_MODES = ("1", "L", "LA")


def load(path: str | os.PathLike[str], size: int | tuple[int, int] | None = None) -> Dataset:
    """Return every image below a folder, uint8 (H, W, 1) if all are gray, else (H, W, 3) without transparency.

    Where the folder holds sub-folders with images, each is a class, in alphabetical order, with its name. A fifth of
    the images is held out, as for arrays. Names decide the order, so that equal folders give equal data sets.

    Args:
        path: The folder.
        size: Pixels of height and width, or of both, to which images are scaled and, where their proportions differ,
            cropped around the centre; None takes them as they are, which must be one size.

    Raises:
        UsageError: When there is no such folder, it holds fewer than ten images or both classes and loose images,
            sizes differ, a file cannot be read, or all would not fit in memory (8 GiB).
    """
    root = Path(path).expanduser()
    if not root.is_dir():
        raise bad_value("folder", "path", str(path), "a folder of images")
    files, names = _find(root)
    if len(files) < FEWEST_ROWS:
        kinds = ", ".join(SUFFIXES)
        raise bad_value("folder", f"images in {root}", len(files), f"at least {FEWEST_ROWS} files that end in {kinds}")
    wanted = _checked_size(size)
    modes, shape = _survey(files, wanted)
    channels = 1 if modes <= set(GRAY_MODES) else 3
    total = len(files) * shape[0] * shape[1] * channels
    if total > MOST_BYTES:
        received = f"{total / 2**30:.1f} GiB of pixels"
        raise bad_value("folder", str(root), received, f"at most {MOST_BYTES >> 30} GiB", "size=64 makes them smaller.")
    rows = np.empty((len(files), *shape, channels), np.uint8)
    for row, file in zip(rows, files, strict=True):
        pixels = _pixels(file, channels, wanted)
        if pixels.shape != row.shape:
            raise _unreadable(file, f"pixels of shape {pixels.shape}, head of {row.shape}")
        row[...] = pixels
    labels = None if names is None else np.array([names.index(f.relative_to(root).parts[0]) for f in files])
    data = from_arrays(rows, labels, name=root.resolve().name, kind="folder")
    spec = dataclasses.replace(data.spec, classes=None if names is None else len(names), class_names=names)
    return dataclasses.replace(data, spec=spec, results={})


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


def _find(root: Path) -> tuple[list[Path], tuple[str, ...] | None]:
    files = [f for f in root.rglob("*") if f.suffix.lower() in SUFFIXES and f.is_file()]
    files = [f for f in files if not any(part.startswith(".") for part in f.relative_to(root).parts)]
    files.sort(key=lambda f: f.relative_to(root).as_posix())
    loose = [f for f in files if f.parent == root]
    if loose and len(loose) < len(files):
        received = f"{len(loose)} loose images and {len(files) - len(loose)} in sub-folders"
        raise bad_value("folder", str(root), received, "one or the other", "sort the loose ones into a sub-folder.")
    return files, None if loose or not files else tuple(sorted({f.relative_to(root).parts[0] for f in files}))


def _checked_size(size: Any) -> tuple[int, int] | None:
    if size is None:
        return None
    both = size if isinstance(size, (tuple, list)) else (size, size)
    if len(both) != 2 or any(isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1 for n in both):
        raise bad_value("folder", "size", size, "pixels, a whole number > 0, or a pair (height, width)")
    return int(both[0]), int(both[1])


def _survey(files: list[Path], wanted: tuple[int, int] | None) -> tuple[set[str], tuple[int, int]]:
    """Return the images' modes and common size, from the files' heads alone."""
    modes, first = set(), None
    for file in files:
        with _opened(file) as image:
            modes.add(image.mode)
            # A camera held upright notes so in the file's head instead of turning the pixels.
            turned = "exif" in image.info and image.getexif().get(0x0112, 1) in (5, 6, 7, 8)
            width, height = image.size[::-1] if turned else image.size
        if first is None:
            first = (file, (height, width))
        elif wanted is None and first[1] != (height, width):
            received = f"{first[1]} in {first[0].name} and {(height, width)} in {file.name}"
            raise bad_value("folder", "sizes (height, width)", received, "one size", "give size=64, or another.")
    if first is None:
        raise bad_value("folder", "images", "none", "at least one")
    return modes, wanted or first[1]


def _pixels(file: Path, channels: int, size: tuple[int, int] | None) -> np.ndarray:
    from PIL import Image, ImageOps

    with _opened(file) as opened:
        try:
            image = ImageOps.exif_transpose(opened).convert("L" if channels == 1 else "RGB")
        except (OSError, ValueError, SyntaxError) as error:
            raise _unreadable(file, error) from error
        if size is not None and image.size != size[::-1]:
            image = ImageOps.fit(image, size[::-1], Image.Resampling.LANCZOS)
        return np.asarray(image).reshape(*image.size[::-1], channels)


def _opened(file: Path) -> Any:
    from PIL import Image

    try:
        return Image.open(file)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise _unreadable(file, error) from error


def _unreadable(file: Path, error: object) -> UsageError:
    return UsageError(f"folder: {file} cannot be read as an image ({error}). Fix: mend or remove it.")
