"""Embeddings of what a network is told beside its rows: a number such as the noise level, and a label."""

from __future__ import annotations

import math
from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("lab")
class SinusoidalEmbedding(keras.layers.Layer):
    """Turns one number a row into sines and cosines of it (Vaswani et al. 2017, section 3.5).

    Args:
        size: Numbers in an embedding; even.
        fastest, slowest: The greatest and the least angular frequency, in radians a unit.
    """

    def __init__(self, size: int, fastest: float = 32.0, slowest: float = 0.5, **options: Any) -> None:
        super().__init__(**options)
        self.size, self.fastest, self.slowest = size, fastest, slowest
        exponents = [i / max(1, size // 2 - 1) for i in range(size // 2)]
        self.frequencies = [fastest * (slowest / fastest) ** e for e in exponents]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "size": self.size, "fastest": self.fastest, "slowest": self.slowest}

    def call(self, numbers: tf.Tensor) -> tf.Tensor:
        # In float32: bfloat16 knows an angle to two digits only.
        angles = tf.cast(numbers, tf.float32)[:, None] * tf.constant(self.frequencies, tf.float32)
        values = tf.concat([tf.sin(angles), tf.cos(angles)], axis=-1) * math.sqrt(2.0)
        return tf.cast(values, self.compute_dtype)

    def compute_output_shape(self, shape: Any) -> Any:
        return (shape[0], self.size)


def condition_embedding(
    numbers: keras.KerasTensor, labels: keras.KerasTensor | None, classes: int, units: int, seed: int, dtype: Any
) -> keras.KerasTensor:
    """Embed a number and perhaps a label of each row in one vector.

    Args:
        numbers: float32 (B,), of order 1.
        labels: int32 (B,) from 0 to `classes` inclusive, the last meaning none; or None.
        classes: How many labels there are.
        units: Numbers in an embedding; even.
        seed: Of the initial weights.
        dtype: Keras' type policy.

    Returns:
        (B, units).
    """
    x = SinusoidalEmbedding(units, dtype="float32")(numbers)
    start = keras.initializers.HeNormal(seed=seed)
    x = keras.layers.Dense(units, "silu", kernel_initializer=start, dtype=dtype)(x)
    if labels is not None:
        start = keras.initializers.RandomNormal(stddev=1.0, seed=seed + 1)
        named = keras.layers.Embedding(classes + 1, units, embeddings_initializer=start, dtype=dtype)(labels)
        x = keras.layers.Add(dtype=dtype)([x, named])
    start = keras.initializers.HeNormal(seed=seed + 2)
    return keras.layers.Dense(units, "silu", kernel_initializer=start, dtype=dtype)(x)
