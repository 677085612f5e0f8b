"""Self-attention over a sequence of tokens."""

from __future__ import annotations

import math
from typing import Any

import keras
import tensorflow as tf


class SelfAttention(keras.layers.Layer):
    """Lets every token look at every other one (Vaswani et al. 2017, section 3.2), without normalisation or sum.

    Args:
        heads: How many; it must divide the size of a token.
        seed: Of the initial weights.
        zero_start: Whether the last layer starts at 0, so that a residual block starts as the identity.
    """

    def __init__(self, heads: int, seed: int, zero_start: bool = True, **options: Any) -> None:
        super().__init__(**options)
        self.heads = heads
        start = keras.initializers.GlorotUniform(seed=seed)
        end = keras.initializers.Zeros() if zero_start else keras.initializers.GlorotUniform(seed=seed + 1)
        self.starts = start, end

    def build(self, shape: Any) -> None:
        size = shape[-1]
        if size % self.heads:
            raise ValueError(
                f"SelfAttention received tokens of {size} numbers for {self.heads} heads; expected a multiple of the "
                "heads. Fix: another number of heads or channels."
            )
        start, end = self.starts
        self.query_key_value = keras.layers.Dense(3 * size, kernel_initializer=start, dtype=self.dtype_policy)
        self.output_map = keras.layers.Dense(size, kernel_initializer=end, dtype=self.dtype_policy)
        self.query_key_value.build(shape)
        self.output_map.build(shape)

    def call(self, tokens: tf.Tensor) -> tf.Tensor:
        """Return (B, N, C) for tokens (B, N, C)."""
        count, size = tokens.shape[1], tokens.shape[2]
        each = size // self.heads
        joint = tf.reshape(self.query_key_value(tokens), (-1, count, 3, self.heads, each))
        query, key, value = tf.unstack(tf.transpose(joint, (2, 0, 3, 1, 4)), num=3)
        scores = tf.matmul(query, key, transpose_b=True) / math.sqrt(each)
        # A softmax of many small shares needs more digits than bfloat16 has.
        shares = tf.cast(tf.nn.softmax(tf.cast(scores, tf.float32)), value.dtype)
        mixed = tf.transpose(tf.matmul(shares, value), (0, 2, 1, 3))
        return self.output_map(tf.reshape(mixed, (-1, count, size)))

    def compute_output_shape(self, shape: Any) -> Any:
        return shape
