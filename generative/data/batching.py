"""Batches: what an update learns from, and a compiled function applied to any number of rows with few traces."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf

LARGEST = 256


class Batch(NamedTuple):
    """What one update learns from.

    Attributes:
        data: float32 (B, ...) in [-1, 1].
        labels: int32 (B,), or None where the data set has none.
    """

    data: tf.Tensor
    labels: tf.Tensor | None


def in_batches(function: Callable[..., Any], rows: np.ndarray, *others: np.ndarray) -> np.ndarray:
    """Apply a function row by row in batches of 1, 2, 4, ... 256 rows, the last filled up with zeros.

    Args:
        function: A `tf.function` from (B, ...) to (B, ...), each row on its own; it is traced at most 9 times.
        rows: (N, ...), N may be 0.
        others: Further arguments of the function, such as labels, (N, ...) each.

    Returns:
        (N, ...), float32.
    """
    return all_in_batches(lambda *parts: [function(*parts)], rows, *others)[0]


def all_in_batches(function: Callable[..., Any], rows: np.ndarray, *others: np.ndarray) -> list[np.ndarray]:
    """Do as `in_batches` for a function of several outputs, which gives a list of them; return each, (N, ...)."""
    size = min(LARGEST, 1 << max(0, len(rows) - 1).bit_length())
    results = []
    for start in range(0, max(1, len(rows)), size):
        parts = [_padded(array[start : start + size], size) for array in (rows, *others)]
        results.append([tensor.numpy()[: len(rows) - start] for tensor in function(*parts)])
    return [np.concatenate(each) for each in zip(*results, strict=True)]


def _padded(part: np.ndarray, size: int) -> np.ndarray:
    if len(part) == size:
        return part
    padded = np.zeros((size, *part.shape[1:]), part.dtype)
    padded[: len(part)] = part
    return padded
