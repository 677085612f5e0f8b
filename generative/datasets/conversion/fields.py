"""Distance fields: square grids of signed distances to an edge, read at any place between their texels."""

from __future__ import annotations

import numpy as np


def centres(size: int, half: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Return x (rightwards) and y (upwards) of the texels of a field over [-half, half], each (size, size)."""
    line = ((np.arange(size) + 0.5) * (2.0 / size) - 1.0) * half
    x, y = np.meshgrid(line, -line)
    return x, y


def read(fields: np.ndarray, which: np.ndarray, x: np.ndarray, y: np.ndarray, half: np.ndarray | float) -> np.ndarray:
    """Read fields bilinearly; beyond the outermost texels' centres those count.

    Args:
        fields: float (F, size, size), each over [-half, half] in both directions.
        which: Numbers of fields, whole, broadcast with `x` and `y`.
        x, y: Where to read, rightwards and upwards from the fields' middle.
        half: Half the side that a field covers, in the unit of `x` and `y`.

    Returns:
        Distances, in the shape of `x`.
    """
    size = fields.shape[-1]
    # Just below the last centre, so that the texel to the right always exists.
    row, column = (np.clip((half + a) * (size / (2.0 * half)) - 0.5, 0.0, size - 1.001) for a in (-y, x))
    top, left = row.astype(np.int64), column.astype(np.int64)
    down, right = row - top, column - left
    flat = fields.reshape(-1)
    at = (which * size + top) * size + left
    upper = flat[at] * (1.0 - right) + flat[at + 1] * right
    lower = flat[at + size] * (1.0 - right) + flat[at + size + 1] * right
    return upper * (1.0 - down) + lower * down
