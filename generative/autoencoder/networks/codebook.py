"""Codebook: the few vectors that a VQ-VAE may use, which follow what the encoder gives."""

from __future__ import annotations

import keras
import tensorflow as tf

from lab.runs.state import Stateful

EPSILON = 1e-5


class Codebook(Stateful):
    """Keeps each code at the running mean of the vectors nearest to it (van den Oord et al. 2017, appendix A.1).

    Codes that have hardly been used lately are put on vectors of the batch, drawn at random, so that none lies idle;
    this also starts the codes, which all begin unused.

    Args:
        codes: How many.
        size: Numbers in each.
        decay: Share of the old in the running means, each update.
        least_use: A code is dead when fewer vectors an update than this, on average, are nearest to it.
        seed: Of the draws.
    """

    not_state = ("codes", "decay", "least_use")

    def __init__(self, codes: int, size: int, decay: float, least_use: float, seed: int) -> None:
        self.codes, self.decay, self.least_use = codes, decay, least_use
        self.vectors = tf.Variable(tf.zeros((codes, size)), trainable=False)
        self.counts = tf.Variable(tf.zeros(codes), trainable=False)
        self.sums = tf.Variable(tf.zeros((codes, size)), trainable=False)
        self.draws = keras.random.SeedGenerator(seed)

    def nearest(self, vectors: tf.Tensor) -> tf.Tensor:
        """Return which code is nearest to each vector, int32 (M,) for (M, size)."""
        distances = tf.reduce_sum(tf.square(self.vectors), axis=1) - 2.0 * tf.matmul(
            vectors, self.vectors, transpose_b=True
        )
        return tf.argmin(distances, axis=1, output_type=tf.int32)

    def lookup(self, indices: tf.Tensor) -> tf.Tensor:
        """Return the vectors of codes, (..., size) for int32 (...)."""
        return tf.gather(self.vectors, indices)

    def update(self, vectors: tf.Tensor, indices: tf.Tensor) -> None:
        """Move codes towards the vectors (M, size) that chose them, int32 (M,), and revive the dead."""
        chosen = tf.one_hot(indices, self.codes)
        counts = self.decay * self.counts + (1.0 - self.decay) * tf.reduce_sum(chosen, axis=0)
        sums = self.decay * self.sums + (1.0 - self.decay) * tf.matmul(chosen, vectors, transpose_a=True)
        places = keras.random.uniform((self.codes,), seed=self.draws) * tf.cast(tf.shape(vectors)[0], tf.float32)
        # Rounding can lead to the very end.
        places = tf.minimum(tf.cast(places, tf.int32), tf.shape(vectors)[0] - 1)
        fresh, dead = tf.gather(vectors, places), counts < self.least_use
        # A revived code has just enough use to be alive.
        self.counts.assign(tf.where(dead, self.least_use, counts))
        self.sums.assign(tf.where(dead[:, None], self.least_use * fresh, sums))
        self.vectors.assign(self.sums / tf.maximum(self.counts, EPSILON)[:, None])


def perplexity(indices: tf.Tensor, codes: int) -> tf.Tensor:
    """Return the exponential of the entropy of how often codes are used, (): from 1 to `codes`.

    Args:
        indices: int32, any shape.
        codes: How many there are.
    """
    frequency = tf.reduce_mean(tf.one_hot(tf.reshape(indices, (-1,)), codes), axis=0)
    return tf.exp(-tf.reduce_sum(tf.math.xlogy(frequency, frequency)))
