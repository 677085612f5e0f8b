"""One encoder for two inputs, and how near what it makes of them is."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from lab.errors import bad_value
from lab.networks.combined.features import checked_encoder

# Under the root, whose slope at 0 is infinite: two equal inputs are common.
EPSILON = 1e-12
MEASURES = ("distance", "cosine", "manhattan")


def siamese(encoder: keras.Model, *, measure: str = "distance", normalise: bool = False) -> keras.Model:
    """Build a model that compares two inputs by what one encoder makes of each (Bromley et al. 1993).

    Args:
        encoder: From one input to vectors (B, U), such as `features_of(cnn(...))`. It is shared, not copied.
        measure: "distance", Euclidean (Hadsell et al. 2006, equation 1); "cosine", of the angle, from -1 to 1 (Bromley
            et al. 1993); "manhattan", exp(-sum of absolute differences), from 0 to 1 (Mueller and Thyagarajan 2016).
        normalise: Whether vectors are brought to length 1 before they are compared, which "cosine" does anyway.

    Returns:
        A model of [first, second], each as the encoder's input; its output is float32 (B,). The encoder is its layer of
        the encoder's own name.

    Raises:
        UsageError: Where the encoder has several inputs or does not give vectors, or the measure is none of these.
    """
    if measure not in MEASURES:
        raise bad_value("siamese", "measure", measure, "one of " + ", ".join(MEASURES), "measure='distance'.")
    given = checked_encoder("siamese", "encoder", encoder).inputs
    pair = [keras.Input(given[0].shape[1:], dtype=given[0].dtype, name=name) for name in ("first", "second")]
    vectors = [encoder(one) for one in pair]
    return keras.Model(pair, Nearness(measure, normalise, dtype="float32")(*vectors), name="siamese")


@keras.saving.register_keras_serializable("lab")
class Nearness(keras.layers.Layer):
    """Compares two vectors a row.

    Args:
        measure, normalise: As for `siamese`.
    """

    def __init__(self, measure: str = "distance", normalise: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.measure, self.normalise = measure, normalise

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "measure": self.measure, "normalise": self.normalise}

    def call(self, first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
        """Return (B,) for (B, U) each."""
        if self.normalise or self.measure == "cosine":
            first, second = (tf.math.l2_normalize(v, axis=-1, epsilon=EPSILON) for v in (first, second))
        if self.measure == "cosine":
            return tf.reduce_sum(first * second, axis=-1)
        if self.measure == "manhattan":
            return tf.exp(-tf.reduce_sum(tf.abs(first - second), axis=-1))
        return tf.sqrt(tf.reduce_sum(tf.square(first - second), axis=-1) + EPSILON)

    def compute_output_shape(self, first_shape: Any, second_shape: Any) -> Any:
        return (first_shape[0],)
