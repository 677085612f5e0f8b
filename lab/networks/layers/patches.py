"""A picture as a sequence of tokens: one for each patch, and one that stands for the whole."""

from __future__ import annotations

import math
from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("lab")
class PatchTokens(keras.layers.Layer):
    """Cuts images into patches and adds a learnt vector for each place.

    Args:
        patch: Pixels of a patch's side.
        size: Numbers in a token.
        seed: Of the initial weights.
    """

    def __init__(self, patch: int, size: int, seed: int, **options: Any) -> None:
        super().__init__(**options)
        self.patch, self.size, self.seed = patch, size, seed
        start = keras.initializers.GlorotUniform(seed=seed)
        self.cut = keras.layers.Conv2D(size, patch, patch, "same", kernel_initializer=start, dtype=self.dtype_policy)

    def build(self, shape: Any) -> None:
        self.cut.build(shape)
        count = math.ceil(shape[1] / self.patch) * math.ceil(shape[2] / self.patch)
        start = keras.initializers.RandomNormal(stddev=0.02, seed=self.seed + 1)
        self.places = self.add_weight(shape=(count, self.size), initializer=start, name="places")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "patch": self.patch, "size": self.size, "seed": self.seed}

    def call(self, images: tf.Tensor) -> tf.Tensor:
        """Return (B, N, size) for images (B, H, W, C), in the layer's compute dtype."""
        cut = self.cut(images)
        return tf.reshape(cut, (-1, cut.shape[1] * cut.shape[2], self.size)) + tf.cast(self.places, cut.dtype)

    def compute_output_shape(self, shape: Any) -> Any:
        return (shape[0], math.ceil(shape[1] / self.patch) * math.ceil(shape[2] / self.patch), self.size)


@keras.saving.register_keras_serializable("lab")
class ClassToken(keras.layers.Layer):
    """Puts one learnt token before the others, from which a whole sequence is read (Dosovitskiy et al. 2021, eq. 1).

    Its position needs no vector of its own: a sum of two learnt vectors is one learnt vector.

    Args:
        seed: Of its initial value.
    """

    def __init__(self, seed: int, **options: Any) -> None:
        super().__init__(**options)
        self.seed = seed

    def build(self, shape: Any) -> None:
        start = keras.initializers.RandomNormal(stddev=0.02, seed=self.seed)
        self.token = self.add_weight(shape=(shape[-1],), initializer=start, name="token")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "seed": self.seed}

    def call(self, tokens: tf.Tensor) -> tf.Tensor:
        """Return (B, 1 + N, C) for tokens (B, N, C), in their dtype."""
        first = tf.broadcast_to(tf.cast(self.token, tokens.dtype), (tf.shape(tokens)[0], 1, tokens.shape[2]))
        return tf.concat([first, tokens], axis=1)

    def compute_output_shape(self, shape: Any) -> Any:
        return (shape[0], shape[1] + 1, shape[2])
