"""Lay many images out on one, and choose which frames of a long stream to show."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from lab.errors import bad_value
from lab.media.images import as_rgb, upscale

T = TypeVar("T")

# Neither the black of digits nor the white of Gymnasium's canvases.
GAP_COLOUR = (112, 118, 128)


def image_grid(
    images: NDArray[Any] | Sequence[NDArray[Any]], columns: int | None = None, gap: int = 2, minimum_cell: int = 64
) -> NDArray[np.uint8]:
    """Lay images out row by row, with thin gaps, and magnify small ones.

    Args:
        images: uint8 (N, H, W), (N, H, W, 1) or (N, H, W, 3).
        columns: Images a row; None makes the grid about square.
        gap: Pixels between and around the images.
        minimum_cell: Pixels that an image's shorter side shall have at least; magnified by a whole factor.

    Returns:
        uint8 (H, W, 3).

    Raises:
        ValueError: For no image, another dtype or shape, or columns below 1.
    """
    if len(images) == 0:
        raise bad_value("image grid", "images", "none", "at least one image")
    if columns is not None and columns < 1:
        raise bad_value("image grid", "columns", columns, "a whole number >= 1, or None")
    if len({np.shape(image) for image in images}) > 1:
        raise bad_value("image grid", "images", [np.shape(i) for i in images][:4], "images of one shape")
    cells = [upscale(as_rgb(image), minimum_cell) for image in images]
    columns = min(columns or math.ceil(math.sqrt(len(cells))), len(cells))
    rows = -(-len(cells) // columns)
    height, width = cells[0].shape[:2]
    grid = np.empty((rows * (height + gap) + gap, columns * (width + gap) + gap, 3), np.uint8)
    grid[:] = GAP_COLOUR
    for i, cell in enumerate(cells):
        top, left = gap + i // columns * (height + gap), gap + i % columns * (width + gap)
        grid[top : top + height, left : left + width] = cell
    return grid


def contact_sheet(frames: Sequence[NDArray[Any]], columns: int | None = None) -> NDArray[np.uint8]:
    """Show frames of a video in reading order on one image; see `image_grid`.

    Args:
        frames: uint8 frames of one shape, such as `sample_evenly` returns.
        columns: Frames a row; None makes the grid about square.
    """
    return image_grid(frames, columns, gap=4)


def sample_evenly(stream: Iterable[T], count: int) -> list[T]:
    """Keep `count` evenly spaced items of a stream of unknown length, the first and the last among them.

    Every `stride`-th item is kept; at 4 * count items every other one goes and the stride doubles. So memory stays
    bounded, nothing is drawn at random, and no item is more than a quarter of the spacing off where it should be.

    Args:
        stream: Items; they are kept, not copied.
        count: Whole number >= 1.

    Returns:
        At most `count` items, in order; all of a shorter stream.
    """
    if count < 1:
        raise bad_value("sample_evenly", "count", count, "a whole number >= 1")
    kept: list[tuple[int, T]] = []
    stride, index, last = 1, -1, None
    for index, item in enumerate(stream):
        last = item
        if index % stride == 0:
            if len(kept) == 4 * count:
                kept, stride = kept[::2], 2 * stride
            if index % stride == 0:
                kept.append((index, item))
    if index > 0 and kept[-1][0] != index:
        kept.append((index, last))  # type: ignore[arg-type]
    if len(kept) <= count:
        return [item for _, item in kept]
    positions = np.array([position for position, _ in kept])
    wanted = np.linspace(0, index, count)
    nearest = [int(np.argmin(np.abs(positions - position))) for position in wanted]
    return [kept[i][1] for i in nearest]
