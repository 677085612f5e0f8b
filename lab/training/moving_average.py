"""Exponential moving averages of weights: they do better than the latest ones, which jump from update to update."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from lab.runs.state import Stateful


def kept(decay: Any, updates: Any) -> tf.Tensor:
    """Return the share of the old that an average keeps in the update after so many, ().

    It is min(decay, (1 + n) / (10 + n)), so that first weights are soon forgotten.

    Args:
        decay: The share in the long run, in [0, 1).
        updates: n, float32 ().
    """
    return tf.minimum(tf.cast(decay, tf.float32), (1.0 + updates) / (10.0 + updates))


class WeightAverage(Stateful):
    """Keeps an exponential moving average of all of a network's variables, normalisation statistics among them.

    The share of the old in each update is that of `kept`. What is not a floating-point number, such as a
    dropout seed, is copied.

    Args:
        network: What is averaged.
        average: A network of the same architecture; its variables hold the average from now on.
        decay: Share of the old in the long run, in [0, 1).
    """

    not_state = ("source", "decay")

    def __init__(self, network: keras.Model, average: keras.Model, decay: float) -> None:
        self.source = network
        self.network = average
        self.decay = decay
        self.updates = tf.Variable(0.0, trainable=False)
        for mine, theirs in zip(average.variables, network.variables, strict=True):
            mine.assign(theirs)

    def update(self) -> None:
        """Take the present weights into the average."""
        keep = kept(self.decay, self.updates)
        self.updates.assign_add(1.0)
        for mine, theirs in zip(self.network.variables, self.source.variables, strict=True):
            if keras.backend.is_float_dtype(mine.dtype):
                mine.assign_sub((1.0 - keep) * (mine - theirs))
            else:
                mine.assign(theirs)
