"""Averages a network's weights over training: samples from the average are better than from the latest weights."""

from __future__ import annotations

import keras
import tensorflow as tf

from lab.averages import kept
from lab.state import Stateful


class WeightAverage(Stateful):
    """Keeps an exponential moving average of all of a network's variables, normalisation statistics among them.

    The share of the old in each update is that of `lab.averages.kept`. What is not a floating-point number, such as a
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
