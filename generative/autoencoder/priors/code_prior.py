"""CodePrior: how probable a grid of codes is, one code after the other, and new grids drawn so."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("generative")
class CodePrior(keras.Model):
    """Reads a grid of codes row by row; each code's distribution depends on those before it only.

    On all of them through a recurrent layer, and directly on the one before, the one above and the one above to the
    right, as in van den Oord et al. 2016, "Pixel Recurrent Neural Networks". A step costs the same wherever in the
    grid it is, so that drawing a grid costs no more than evaluating one.

    Args:
        height, width: Of the grid, which has P = height * width places.
        codes: How many different ones there are.
        units: Of the recurrent layer.
        seed: Of the initial weights; layer i draws with seed + i.
        classes: How many labels there are that it sees, or 0 for none.
    """

    def __init__(
        self, height: int, width: int, codes: int, units: int, seed: int, classes: int = 0, **options: Any
    ) -> None:
        super().__init__(**options)
        self.width, self.places, self.codes = width, height * width, codes
        self.units, self.seed, self.classes = units, seed, classes

        def embedding(number: int, i: int) -> keras.layers.Embedding:
            start = keras.initializers.RandomNormal(stddev=0.1, seed=seed + i)
            return keras.layers.Embedding(number, units, embeddings_initializer=start)

        # Number 0 stands for what lies outside of the grid.
        self.known = [embedding(codes + 1, i) for i in range(3)]
        self.place = embedding(self.places, 3)
        self.label = embedding(classes, 8) if classes else None
        self.recurrent = keras.layers.GRU(
            units,
            return_sequences=True,
            kernel_initializer=keras.initializers.GlorotUniform(seed=seed + 4),
            recurrent_initializer=keras.initializers.Orthogonal(seed=seed + 5),
            # Of a dropout that is off; without one it would be drawn from the global generator.
            seed=seed,
        )
        start = keras.initializers.HeUniform(seed=seed + 6)
        self.hidden = keras.layers.Dense(units, "relu", kernel_initializer=start)
        self.outputs_layer = keras.layers.Dense(
            codes, kernel_initializer=keras.initializers.GlorotUniform(seed=seed + 7)
        )
        self(tf.zeros((1, self.places), tf.int32), tf.zeros(1, tf.int32))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "height": self.places // self.width,
            "width": self.width,
            "codes": self.codes,
            "units": self.units,
            "seed": self.seed,
            "classes": self.classes,
        }

    def call(self, codes: tf.Tensor, labels: tf.Tensor | None = None) -> tf.Tensor:
        """Return logits (B, P, codes) of each code given those before it, for int32 (B, P) and labels (B,)."""
        w, count = self.width, self.places
        # A row of places outside, then the grid: the place p is at w + p, the one above it at p.
        padded = tf.pad(codes + 1, ((0, 0), (w, 0)))
        places = tf.range(count)
        x = self.features(padded[:, w - 1 : -1], padded[:, :count], padded[:, 1 : count + 1], places)
        if self.label is not None:
            x += self.label(labels)[:, None]
        return self.outputs_layer(self.hidden(self.recurrent(x)))

    def features(self, before: tf.Tensor, above: tf.Tensor, right: tf.Tensor, place: tf.Tensor) -> tf.Tensor:
        """Return what the recurrent layer is given at places, (..., units).

        Args:
            before, above, right: The codes before, above, and above to the right, plus 1; 0 is outside.
            place: Which places they are.
        """
        # What follows the last place of a row is the next row's first, not what is above to the right.
        right = tf.where(place % self.width == self.width - 1, 0, right)
        neighbours = [layer(codes) for layer, codes in zip(self.known, (before, above, right), strict=True)]
        return sum(neighbours) + self.place(place)

    def loss_of(self, codes: tf.Tensor, labels: tf.Tensor | None = None) -> tf.Tensor:
        """Return minus the log-probability of each row's codes, int32 (B, P), in nats, (B,); see `call`."""
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=codes, logits=self(codes, labels))
        return tf.reduce_sum(losses, axis=1)

    def draw(self, uniforms: tf.Tensor, labels: tf.Tensor | None = None, temperature: float = 1.0) -> tf.Tensor:
        """Draw grids of codes, int32 (B, P).

        Args:
            uniforms: (B, P) numbers that are uniform on [0, 1).
            labels: int32 (B,), if it sees any.
            temperature: Divides the logits: below 1 the most probable codes are drawn more often than they are met.
        """
        w, rows = self.width, tf.shape(uniforms)[0]
        known = tf.zeros((1, self.units)) if self.label is None else self.label(labels)

        def step(p: tf.Tensor, padded: tf.Tensor, state: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            x = self.features(padded[:, w + p - 1], padded[:, p], padded[:, p + 1], p) + known
            output, (state,) = self.recurrent.cell(x, [state])
            logits = self.outputs_layer(self.hidden(output)) / temperature
            cumulated = tf.cumsum(tf.nn.softmax(logits), axis=1)
            code = tf.reduce_sum(tf.cast(cumulated < uniforms[:, p, None], tf.int32), axis=1)
            # The sum of all probabilities may be a little below 1.
            code = tf.minimum(code, self.codes - 1)
            places = tf.stack([tf.range(rows), tf.fill([rows], w + p)], axis=1)
            return p + 1, tf.tensor_scatter_nd_update(padded, places, code + 1), state

        start = (tf.constant(0), tf.zeros((rows, w + self.places), tf.int32), tf.zeros((rows, self.units)))
        return tf.while_loop(lambda p, *_: p < self.places, step, start)[1][:, w:] - 1
