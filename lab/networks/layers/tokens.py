"""Vectors for the ids of words or characters, and for where they stand."""

from __future__ import annotations

import math
from typing import Any

import keras
import tensorflow as tf

from lab.networks.layers.positions import LearntPositions, SinusoidalPositions

PADDING = 0
PLACES = ("sinusoidal", "learnt", "none")


@keras.saving.register_keras_serializable("lab")
class TokenEmbedding(keras.layers.Layer):
    """Gives each id a learnt vector and adds one for its place (Vaswani et al. 2017, sections 3.4 and 3.5).

    Places count the tokens that are no padding, so that padding on either side changes none. Vectors start with
    variance 1 / size and are multiplied by the root of size, as there.

    Args:
        vocabulary: How many ids there are, padding (0) among them.
        size: Numbers in a vector.
        seed: Of the initial vectors.
        places: "sinusoidal" (even size), "learnt" or "none".
        length: The most places, for learnt ones.
    """

    def __init__(
        self, vocabulary: int, size: int, seed: int, places: str = "none", length: int = 0, **options: Any
    ) -> None:
        super().__init__(**options)
        if places not in PLACES:
            raise ValueError(f"TokenEmbedding: places received {places!r}; expected one of {', '.join(PLACES)}.")
        self.vocabulary, self.size, self.seed, self.places, self.length = vocabulary, size, seed, places, length
        self.start = keras.initializers.RandomNormal(stddev=size**-0.5, seed=seed)
        self.position: keras.layers.Layer | None = None
        if places == "sinusoidal":
            self.position = SinusoidalPositions(size, dtype=self.dtype_policy)
        elif places == "learnt":
            self.position = LearntPositions(length, size, seed + 1, dtype=self.dtype_policy)

    def build(self, shape: Any) -> None:
        self.table = self.add_weight(shape=(self.vocabulary, self.size), initializer=self.start, name="table")
        if self.position is not None:
            self.position.build(shape)

    def get_config(self) -> dict[str, Any]:
        own = ("vocabulary", "size", "seed", "places", "length")
        return {**super().get_config(), **{name: getattr(self, name) for name in own}}

    def call(self, ids: tf.Tensor) -> tf.Tensor:
        """Return (B, N, size) for ids int (B, N)."""
        vectors = tf.gather(tf.cast(self.table, self.compute_dtype), ids) * math.sqrt(self.size)
        return vectors if self.position is None else vectors + self.position(places_of(ids))

    def compute_output_shape(self, shape: Any) -> Any:
        return (*shape, self.size)


def places_of(ids: tf.Tensor) -> tf.Tensor:
    """Return how many tokens stand before each, padding not counted, int32 (B, N)."""
    return tf.maximum(tf.cumsum(tf.cast(tf.not_equal(ids, PADDING), tf.int32), axis=1) - 1, 0)
