"""Exponential moving averages of weights, whose share of the old grows as updates go on."""

from __future__ import annotations

from typing import Any

import tensorflow as tf


def kept(decay: Any, updates: Any) -> tf.Tensor:
    """Return the share of the old that an average keeps in the update after so many, ().

    It is min(decay, (1 + n) / (10 + n)), so that first weights are soon forgotten.

    Args:
        decay: The share in the long run, in [0, 1).
        updates: n, float32 ().
    """
    return tf.minimum(tf.cast(decay, tf.float32), (1.0 + updates) / (10.0 + updates))
