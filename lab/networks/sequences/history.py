"""A transformer over the last few observations."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from lab.errors import bad_value
from lab.networks.builder import Builder
from lab.networks.layers.positions import LearntPositions

# Numbers in a token, blocks, and heads of each attention.
SIZE, DEPTH, HEADS = 64, 2, 4


def history_transformer(
    shape: tuple[int, int], outputs: int, *, width: int = 1, seed: int = 0, flat: bool = False
) -> keras.Model:
    """Build a transformer encoder over the last observations, a token each, which reads the newest one's.

    Tokens have learnt places; blocks are those of Vaswani et al. (2017, section 3.1), with the normalisation before
    each branch (Xiong et al. 2020), and none drops anything.

    Args:
        shape: (K, d), K observations of d numbers, the oldest first.
        outputs: Numbers of the last, linear layer, called "head".
        width: In multiples of 64, the size of a token.
        seed: Of the initial weights.
        flat: Whether histories come as rows (B, K * d).

    Returns:
        A model of float32 (B, K, d), or of such rows; float32 (B, outputs).

    Raises:
        UsageError: Where an argument is none of these.
    """
    build = Builder("history_transformer", "gelu", 0.0, seed, "float32")
    if len(shape) != 2:
        raise bad_value(build.owner, "shape", shape, "(K, d): K observations of d numbers", "shape=(8, 4).")
    places, numbers = (build.whole("shape", side) for side in shape)
    inputs = keras.Input((places * numbers,) if flat else (places, numbers), name="history")
    x = keras.layers.Reshape((places, numbers))(inputs) if flat else inputs
    x = build.linear(x, SIZE * build.whole("width", width))
    x = Placed(places, x.shape[-1], build.seed())(x)
    x = build.encoder(x, DEPTH, HEADS)
    return keras.Model(inputs, build.head(x[:, -1], outputs), name="history_transformer")


@keras.saving.register_keras_serializable("lab")
class Placed(LearntPositions):
    """Adds to each token, (B, K, C), the learnt vector of its place."""

    def call(self, tokens: tf.Tensor) -> tf.Tensor:
        return tokens + tf.cast(self.table, tokens.dtype)

    def compute_output_shape(self, shape: Any) -> Any:
        return shape
