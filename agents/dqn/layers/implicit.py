"""A network that gives quantiles of the fractions it is asked for."""

from __future__ import annotations

import math
from typing import Any

import keras
import tensorflow as tf


def cosines(fractions: tf.Tensor, number: int) -> tf.Tensor:
    """Return cos(pi i t) for i = 0, ..., number - 1, (..., number) (Dabney et al. 2018, IQN, equation 4).

    Args:
        fractions: t, float32 (...).
        number: n.
    """
    return tf.cos(math.pi * tf.range(number, dtype=tf.float32) * fractions[..., None])


def midpoints(rows: int, number: int) -> tf.Tensor:
    """Return the midpoints of `number` equal parts of [0, 1], float32 (rows, number), alike in each row."""
    return tf.tile((tf.range(number, dtype=tf.float32)[None] + 0.5) / number, (rows, 1))


@keras.saving.register_keras_serializable("agents")
class ImplicitNetwork(keras.Model):
    """Multiplies what it makes of an observation by what it makes of a fraction (IQN, section 3.1).

    Args:
        body: From features (B, d) to (B, m).
        tail: From (B, m) to (B, A).
        number: Cosines of a fraction.
        unasked: Fractions, midpoints of equal parts, where nobody says which.
        seed: Of the embedding's initial weights.
    """

    def __init__(
        self, body: keras.Model, tail: keras.Model, number: int, unasked: int, seed: int, **keywords: Any
    ) -> None:
        super().__init__(**keywords)
        self.body, self.tail, self.number, self.unasked, self.seed = body, tail, number, unasked, seed
        start = keras.initializers.HeUniform(seed=seed + 200)
        self.embedding = keras.layers.Dense(body.output_shape[-1], "relu", kernel_initializer=start)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments, networks as Keras writes them."""
        networks = {name: keras.saving.serialize_keras_object(getattr(self, name)) for name in ("body", "tail")}
        return {**networks, "number": self.number, "unasked": self.unasked, "seed": self.seed, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> ImplicitNetwork:
        """Make one of what `get_config` returned."""
        networks = {
            name: keras.saving.deserialize_keras_object(config[name], custom_objects) for name in ("body", "tail")
        }
        return cls(**{**config, **networks})

    def call(self, features: Any, fractions: Any = None) -> tuple[tf.Tensor, tf.Tensor]:
        """Return quantiles float32 (B, A, N) and their fractions (B, N)."""
        rows = features.shape[0]
        if fractions is None:
            fractions = midpoints(tf.shape(features)[0] if rows is None else rows, self.unasked)
        seen, number = self.body(features), fractions.shape[1]
        mixed = seen[:, None] * self.embedding(cosines(fractions, self.number))
        # Dense layers of the tail take rows: one for each fraction of each observation.
        quantiles = self.tail(tf.reshape(mixed, (-1, seen.shape[-1])))
        shaped = tf.reshape(quantiles, (-1, number, quantiles.shape[-1]))
        return tf.transpose(shaped, (0, 2, 1)), fractions
