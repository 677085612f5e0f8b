"""Group normalisation that costs little: sums in one pass, and one scale and shift for all it does."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


class GroupNorm(keras.layers.Layer):
    """Normalises groups of channels of each row (Wu and He 2018, "Group Normalization", eq. 1), and modulates them.

    Mean, variance, learnt scale and offset and a modulation from elsewhere are folded, in float32 and on (B, C)
    numbers, into one factor and one shift a channel; the rows themselves are read twice and written once.
    Statistics are float32 also under bfloat16.

    Args:
        groups: How many; it must divide the number of channels.
        epsilon: Added to the variance.

    Call it with rows (B, ..., C), and optionally a modulation (B, 2 C): its first half m makes the scale (1 + m)
    times as large, its second half is added (Perez et al. 2018, "FiLM").
    """

    def __init__(self, groups: int, epsilon: float = 1e-5, **options: Any) -> None:
        super().__init__(**options)
        self.groups = groups
        self.epsilon = epsilon

    def build(self, rows_shape: Any, modulation_shape: Any = None) -> None:
        channels = rows_shape[-1]
        if channels % self.groups:
            raise ValueError(
                f"GroupNorm received {channels} channels for {self.groups} groups; expected a multiple of the groups. "
                f"Fix: another number of groups or channels."
            )
        self.gamma = self.add_weight(shape=(channels,), initializer="ones", name="gamma", autocast=False)
        self.beta = self.add_weight(shape=(channels,), initializer="zeros", name="beta", autocast=False)

    def call(self, rows: tf.Tensor, modulation: tf.Tensor | None = None) -> tf.Tensor:
        channels = rows.shape[-1]
        between = rows.shape[1:-1]
        flat = tf.cast(tf.reshape(rows, (-1, between.num_elements(), channels)), tf.float32)
        mean = self._over_groups(tf.reduce_mean(flat, axis=1))
        square = self._over_groups(tf.reduce_mean(tf.square(flat), axis=1))
        # Rounding can put the mean of squares a little below the square of the mean.
        variance = tf.maximum(square - tf.square(mean), 0.0)
        scale = tf.math.rsqrt(variance + self.epsilon) * self.gamma
        shift = self.beta - mean * scale
        if modulation is not None:
            more, added = tf.split(tf.cast(modulation, tf.float32), 2, axis=-1)
            scale, shift = scale * (1.0 + more), shift * (1.0 + more) + added
        shape = (-1, *(1 for _ in between), channels)
        return rows * tf.cast(tf.reshape(scale, shape), rows.dtype) + tf.cast(tf.reshape(shift, shape), rows.dtype)

    def compute_output_shape(self, rows_shape: Any, modulation_shape: Any = None) -> Any:
        return rows_shape

    def _over_groups(self, values: tf.Tensor) -> tf.Tensor:
        """Average (B, C) within each group, for each of its channels."""
        each = values.shape[-1] // self.groups
        means = tf.reduce_mean(tf.reshape(values, (-1, self.groups, each)), axis=-1)
        return tf.repeat(means, each, axis=1)
