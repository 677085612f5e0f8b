"""Ways to tell a transformer where a token stands: learnt, sinusoidal, rotary, and a bias by distance."""

from __future__ import annotations

import math
from typing import Any

import keras
import tensorflow as tf

SLOWEST = 10_000.0


@keras.saving.register_keras_serializable("lab")
class LearntPositions(keras.layers.Layer):
    """Gives each place a learnt vector (Vaswani et al. 2017, section 3.5, table 3 row E).

    Equal to `keras.layers.Embedding`, but not looked through for masks, and with a seed of its own. The other ways to
    tell places in this file are none that Keras has.

    Args:
        places: How many there are.
        size: Numbers in a vector.
        seed: Of the initial vectors.
    """

    def __init__(self, places: int, size: int, seed: int, **options: Any) -> None:
        super().__init__(**options)
        self.places, self.size, self.seed = places, size, seed
        self.start = keras.initializers.RandomNormal(stddev=0.02, seed=seed)

    def build(self, shape: Any = None) -> None:
        self.table = self.add_weight(shape=(self.places, self.size), initializer=self.start, name="table")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "places": self.places, "size": self.size, "seed": self.seed}

    def call(self, positions: tf.Tensor) -> tf.Tensor:
        """Return (..., size) for positions int (...) from 0 to `places` - 1."""
        return tf.gather(tf.cast(self.table, self.compute_dtype), positions)

    def compute_output_shape(self, shape: Any) -> Any:
        return (*shape, self.size)


@keras.saving.register_keras_serializable("lab")
class SinusoidalPositions(keras.layers.Layer):
    """Gives each place sines and cosines of it, without a limit (Vaswani et al. 2017, section 3.5).

    Args:
        size: Numbers in a vector; even.
    """

    def __init__(self, size: int, **options: Any) -> None:
        super().__init__(**options)
        if size % 2:
            raise ValueError(f"SinusoidalPositions: size received {size}; expected an even number. Fix: {size + 1}.")
        self.size = size

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "size": self.size}

    def call(self, positions: tf.Tensor) -> tf.Tensor:
        """Return (..., size) for positions (...), in the layer's compute dtype: the sines first, then the cosines."""
        angles = _angles(positions, self.size)
        return tf.cast(tf.concat([tf.sin(angles), tf.cos(angles)], axis=-1), self.compute_dtype)

    def compute_output_shape(self, shape: Any) -> Any:
        return (*shape, self.size)


def rotated(vectors: tf.Tensor, positions: tf.Tensor) -> tf.Tensor:
    """Turn queries or keys by their places, so that products depend on distances only (Su et al. 2021, "RoPE").

    Args:
        vectors: (B, heads, N, D), D even; entry i is turned together with entry i + D / 2.
        positions: int (N,) or (B, N).

    Returns:
        As `vectors`.
    """
    half = vectors.shape[-1] // 2
    if vectors.shape[-1] % 2:
        raise ValueError(
            f"rotary positions turn pairs of numbers; received {vectors.shape[-1]} a head. Fix: an even number a head."
        )
    angles = _angles(positions, 2 * half)
    if len(angles.shape) == 3:
        angles = angles[:, None]
    cosine, sine = (tf.cast(f(angles), vectors.dtype) for f in (tf.cos, tf.sin))
    first, second = vectors[..., :half], vectors[..., half:]
    return tf.concat([first * cosine - second * sine, second * cosine + first * sine], axis=-1)


def distance_bias(heads: int, queries: tf.Tensor, keys: tf.Tensor) -> tf.Tensor:
    """Take from each score in proportion to the distance, a fixed slope a head (Press et al. 2022, "ALiBi").

    Args:
        heads: How many; head h (from 1) has the slope 2^(-8 h / heads).
        queries: int (Q,), their places.
        keys: int (K,).

    Returns:
        float32 (heads, Q, K), to be added to scores (B, heads, Q, K).
    """
    slopes = tf.constant([2.0 ** (-8.0 * (h + 1) / heads) for h in range(heads)])
    distances = tf.cast(tf.abs(queries[:, None] - keys[None, :]), tf.float32)
    return -slopes[:, None, None] * distances


def frequencies(size: int) -> list[float]:
    """Return how far one place turns each of size / 2 pairs of numbers, in radians, from 1 down to 1 / SLOWEST."""
    half = size // 2
    return [math.exp(-math.log(SLOWEST) * i / max(1, half)) for i in range(half)]


def _angles(positions: tf.Tensor, size: int) -> tf.Tensor:
    """Return each place times the frequencies, float32 (..., size / 2)."""
    return tf.cast(positions, tf.float32)[..., None] * tf.constant(frequencies(size), tf.float32)
