"""Arithmetic of rows of a table that is written once for arrays and tensors."""

from __future__ import annotations

from typing import Any

import numpy as np


def highest(values: Any) -> Any:
    """Return the highest of each row, (...,), of values (..., actions)."""
    if isinstance(values, np.ndarray):
        # Of one row an axis would take as long again.
        return values.max() if values.ndim == 1 else values.max(axis=-1)
    import tensorflow as tf

    return tf.reduce_max(values, axis=-1)


def total(values: Any) -> Any:
    """Return the sum of each row, (...,), of values (..., actions)."""
    if isinstance(values, np.ndarray):
        return values.sum(axis=-1)
    import tensorflow as tf

    return tf.reduce_sum(values, axis=-1)


def expected(probabilities: Any, values: Any) -> Any:
    """Return sum_a pi(a) Q(a) of each row, (...,); both (..., actions)."""
    return total(probabilities * values)


def ties(values: Any) -> Any:
    """Return the greedy policy of each row, of values' shape: any of the highest equally likely."""
    if isinstance(values, np.ndarray):
        best = (values == values.max(axis=-1, keepdims=True)).astype(np.float64)
        shares: np.ndarray = best / best.sum(axis=-1, keepdims=True)
        return shares
    import tensorflow as tf

    marks = tf.cast(values == tf.reduce_max(values, axis=-1, keepdims=True), values.dtype)
    return marks / tf.reduce_sum(marks, axis=-1, keepdims=True)
