"""Applies a compiled function to any number of rows with few traces."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

LARGEST = 256


def in_batches(function: Callable[..., Any], rows: np.ndarray, *others: np.ndarray) -> np.ndarray:
    """Apply a function row by row in batches of 1, 2, 4, ... 256 rows, the last filled up with zeros.

    Args:
        function: A `tf.function` from (B, ...) to (B, ...), each row on its own; it is traced at most 9 times.
        rows: (N, ...), N may be 0.
        others: Further arguments of the function, such as labels, (N, ...) each.

    Returns:
        (N, ...), float32.
    """
    size = min(LARGEST, 1 << max(0, len(rows) - 1).bit_length())
    results = []
    for start in range(0, max(1, len(rows)), size):
        parts = [_padded(array[start : start + size], size) for array in (rows, *others)]
        results.append(function(*parts).numpy()[: len(rows) - start])
    return np.concatenate(results)


def _padded(part: np.ndarray, size: int) -> np.ndarray:
    padded = np.zeros((size, *part.shape[1:]), part.dtype)
    padded[: len(part)] = part
    return padded
