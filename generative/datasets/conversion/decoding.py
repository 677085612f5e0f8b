"""Reads the pixels of one image file: transparent, of 16 bits, of a palette, turned or damaged."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lab.errors import bad_value

GRAY_MODES = ("1", "L", "LA", "La", "I", "F")
# What a camera that was held upright notes in a file's head, in place of turning the pixels.
ORIENTATION, TURNED = 0x0112, (5, 6, 7, 8)
# 65535 / 255: from 16 bits to 8.
PER_LEVEL = 257


class Head(NamedTuple):
    """What a file says of its image before any pixel is read.

    Attributes:
        size: Height and width, as it is to be seen.
        gray: Whether it has no colours.
        transparent: Whether it has an alpha channel or a transparent colour.
        deep: Whether its values have 16 bits.
        animated: Whether there are more images than the first.
    """

    size: tuple[int, int]
    gray: bool
    transparent: bool
    deep: bool
    animated: bool


class Unreadable(Exception):  # noqa: N818 - it says what a file is
    """A file that is no whole image."""


def head(file: Path) -> Head:
    """Read what a file says of its image.

    Raises:
        Unreadable: When it is none.
    """
    with _opened(file) as image:
        turned = "exif" in image.info and image.getexif().get(ORIENTATION, 1) in TURNED
        width, height = image.size[::-1] if turned else image.size
        gray = image.mode in GRAY_MODES or image.mode.startswith("I;16")
        deep = image.mode == "I" or image.mode.startswith("I;16")
        transparent = image.mode.lower() in ("la", "rgba", "pa") or "transparency" in image.info
        return Head((height, width), gray, transparent, deep, getattr(image, "n_frames", 1) > 1)


def decode(file: Path, channels: int, size: tuple[int, int] | None, background: tuple[int, int, int]) -> np.ndarray:
    """Read an image as uint8 (H, W, channels).

    What is transparent is laid on the background, values of 16 bits are rounded to 8 by their whole range, and images
    are then scaled, and cropped around the centre where their proportions differ.

    Args:
        file: A .png or .jpeg.
        channels: 1 for gray, 3 for RGB.
        size: Height and width to scale to, or None for its own.
        background: RGB, 0 to 255.

    Raises:
        Unreadable: When it is no whole image.
    """
    from PIL import Image, ImageOps

    with _opened(file) as opened:
        try:
            image = _eight_bits(ImageOps.exif_transpose(opened))
            if image.mode.lower() in ("la", "rgba", "pa") or "transparency" in image.info:
                pixels = image.convert("RGBA")
                image = Image.alpha_composite(Image.new("RGBA", pixels.size, (*background, 255)), pixels).convert("RGB")
            image = image.convert("L" if channels == 1 else "RGB")
        except (OSError, ValueError, SyntaxError, MemoryError, Image.DecompressionBombError) as error:
            raise Unreadable(str(error) or type(error).__name__) from error
    if size is not None and image.size != size[::-1]:
        image = ImageOps.fit(image, size[::-1], Image.Resampling.LANCZOS)
    return np.asarray(image).reshape(*image.size[::-1], channels)


def colour(name: Any) -> tuple[int, int, int]:
    """Return the RGB of a colour, 0 to 255 each.

    Args:
        name: A name that HTML knows, such as white, or #rrggbb.

    Raises:
        UsageError: When it is none.
    """
    from PIL import ImageColor

    try:
        red, green, blue = ImageColor.getrgb(name)[:3]
    except (ValueError, TypeError, AttributeError):
        raise bad_value("folder", "background", name, "a colour: white, black, gray, ... or #rrggbb") from None
    return red, green, blue


def _eight_bits(image: Any) -> Any:
    """Return an image with values of 16 bits rounded to 8, with its transparent value as an alpha channel."""
    from PIL import Image

    if image.mode != "I" and not image.mode.startswith("I;16"):
        return image
    values = np.asarray(image).astype(np.int64)
    if values.min() < 0 or values.max() > 65535:
        raise ValueError(f"values from {values.min()} to {values.max()}, expected 16 bits")
    levels = Image.fromarray(((values + PER_LEVEL // 2) // PER_LEVEL).astype(np.uint8))
    key = image.info.get("transparency")
    if isinstance(key, int):
        levels.putalpha(Image.fromarray(np.where(values == key, 0, 255).astype(np.uint8)))
    return levels


def _opened(file: Path) -> Any:
    from PIL import Image

    try:
        return Image.open(file)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise Unreadable(str(error) or type(error).__name__) from error
