"""A GIF writer that streams.

The writers of imageio and Pillow keep every frame until the end, merge equal frames and round 33.3 ms to 30 ms.
"""

from __future__ import annotations

import io
import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Browsers play a delay of 0 or 1 hundredths of a second as 10.
SHORTEST_DELAY = 2
# About 4,000 pixels are enough to choose 256 colours, and 100 times faster than a whole frame.
PALETTE_PIXELS = 64


class GifEncoder:
    """Writes frames one at a time as a GIF89a that loops for ever.

    Each frame keeps only the rectangle that changed and has a palette of its own, exact up to 256 colours. Delays are
    hundredths of a second; rounding errors do not add up. Above 50 frames a second, which browsers slow down to 10,
    frames are left out so that the speed stays right.

    Args:
        path: File to write, in place.
        shape: (height, width) of the frames, in pixels.
        fps: Frames a second.
    """

    def __init__(self, path: Path, shape: tuple[int, int], fps: Fraction) -> None:
        if max(shape) > 65535:
            raise ValueError(f"GIF: received frames of {shape}; expected at most 65535 pixels a side. Fix: use .mp4")
        self._fps = fps
        self._count = 0
        self._pending: tuple[int, NDArray[np.uint8]] | None = None
        self._shown: NDArray[np.uint8] | None = None
        self._file = path.open("wb")
        self._file.write(b"GIF89a" + struct.pack("<HHBBB", shape[1], shape[0], 0x70, 0, 0))
        self._file.write(b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00")

    def append(self, frame: NDArray[np.uint8]) -> None:
        """Add a frame, uint8 (H, W, 3)."""
        start = round(100 * self._count / self._fps)
        self._count += 1
        if self._pending is not None:
            if start - self._pending[0] < SHORTEST_DELAY:
                return
            self._write(self._pending[1], start - self._pending[0])
        # The caller may draw the next frame into the same buffer, and this one is written only then.
        self._pending = (start, frame.copy())

    def close(self) -> None:
        """Write the last frame and the end of the file."""
        if self._pending is not None:
            end = round(100 * self._count / self._fps)
            self._write(self._pending[1], max(SHORTEST_DELAY, end - self._pending[0]))
        self._file.write(b"\x3b")
        self._file.close()

    def discard(self) -> None:
        """Stop writing."""
        self._file.close()

    def _write(self, frame: NDArray[np.uint8], delay: int) -> None:
        top, left, bottom, right = _changed(self._shown, frame)
        self._shown = frame
        flags, table, data = _encode(frame[top:bottom, left:right])
        # Disposal 1: what lies outside the rectangle stays.
        self._file.write(b"\x21\xf9\x04" + struct.pack("<BHBB", 1 << 2, min(delay, 65535), 0, 0))
        self._file.write(b"\x2c" + struct.pack("<HHHHB", left, top, right - left, bottom - top, flags))
        self._file.write(table + data)


def _changed(old: NDArray[np.uint8] | None, new: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    """Return top, left, bottom and right of what changed; one pixel if nothing did."""
    if old is None:
        return 0, 0, new.shape[0], new.shape[1]
    different = (old != new).any(axis=2)
    rows, columns = np.flatnonzero(different.any(axis=1)), np.flatnonzero(different.any(axis=0))
    if not rows.size:
        return 0, 0, 1, 1
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1


def _encode(pixels: NDArray[np.uint8]) -> tuple[int, bytes, bytes]:
    """Return the descriptor's flags, the colour table and the compressed pixels, all as Pillow packs them."""
    buffer = io.BytesIO()
    _with_palette(pixels).save(buffer, format="GIF", interlace=False, optimize=False)
    gif = buffer.getvalue()
    size = gif[10] & 7
    position = 13 + 3 * 2 ** (size + 1)
    table = gif[13:position]
    while gif[position] == 0x21:
        position += 2
        while gif[position]:
            position += gif[position] + 1
        position += 1
    return 0x80 | size, table, gif[position + 10 : -1]


def _with_palette(pixels: NDArray[np.uint8]) -> Any:
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(pixels))
    if image.getcolors(256) is not None:
        return image.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    height, width = pixels.shape[:2]
    few = pixels[:: -(-height // PALETTE_PIXELS), :: -(-width // PALETTE_PIXELS)]
    palette = Image.fromarray(np.ascontiguousarray(few)).quantize(256, method=Image.Quantize.MEDIANCUT)
    return image.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
