"""Write a line or two of text under a frame."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.media.images import as_rgb, magnify

# About 32 letters of the smallest font that is easy to read.
MINIMUM_WIDTH = 224
BACKGROUND = (24, 26, 31)
FOREGROUND = (232, 234, 237)


def caption(frame: NDArray[Any], text_lines: str | Sequence[str]) -> NDArray[np.uint8]:
    """Add a band with text under a frame; the picture itself stays uncovered.

    A frame narrower than `MINIMUM_WIDTH` is magnified first. The result's shape depends only on the frame's shape and
    the number of lines, so captioned frames still make one video. Text that is too wide ends in an ellipsis.

    Args:
        frame: uint8 (H, W), (H, W, 1) or (H, W, 3).
        text_lines: One line of text, or several.

    Returns:
        uint8 (H * k + band, W * k, 3), k a whole number.
    """
    pixels = as_rgb(frame)
    pixels = magnify(pixels, max(1, -(-MINIMUM_WIDTH // pixels.shape[1])))
    lines = (text_lines,) if isinstance(text_lines, str) else tuple(text_lines)
    return np.concatenate([pixels, _band(lines, pixels.shape[1])])


# An unchanged line, such as the parameters of a run, is drawn once.
@functools.lru_cache(maxsize=64)
def _band(lines: tuple[str, ...], width: int) -> NDArray[np.uint8]:
    from PIL import Image, ImageDraw

    size = int(np.clip(width // 34, 13, 28))
    font, margin = _font(size), size // 2
    height = round(1.4 * size) * len(lines) + margin
    # Some decoders and yuv420p want even sides; an odd band would cost a doubled row for nothing.
    image = Image.new("RGB", (width, height + height % 2), BACKGROUND)
    draw = ImageDraw.Draw(image)
    for i, line in enumerate(lines):
        middle = margin // 2 + round(1.4 * size) * (i + 0.5)
        draw.text((margin, middle), _fitted(line, font, width - 2 * margin), FOREGROUND, font, anchor="lm")
    band = np.array(image)
    band.flags.writeable = False
    return band


def _fitted(line: str, font: Any, width: int) -> str:
    if font.getlength(line) <= width:
        return line
    while line and font.getlength(line + "…") > width:
        line = line[:-1]
    return line + "…"


@functools.lru_cache(maxsize=8)
def _font(size: int) -> Any:
    from PIL import ImageFont

    return ImageFont.load_default(size)
