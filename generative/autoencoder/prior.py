"""What latents look like: a Gaussian fitted to them as training goes on, or one that they are held to."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from lab.state import Stateful


class GaussianPrior(Stateful):
    """Keeps running first and second moments of latents, and draws from the Gaussian that has them.

    Moments are exponential averages, begun at zero and divided by the weight they have gathered (Kingma and Ba
    2015, "Adam", section 3), so that they are unbiased from the first batch on. Old latents fade, because the
    encoder that made them has changed since.

    Args:
        size: Numbers in a latent.
        decay: Share of the old in each average.
    """

    not_state = ("size", "decay")

    def __init__(self, size: int, decay: float) -> None:
        self.size = size
        self.decay = decay
        self.weight = tf.Variable(0.0, trainable=False)
        self.first = tf.Variable(tf.zeros(size), trainable=False)
        self.second = tf.Variable(tf.zeros((size, size)), trainable=False)

    def update(self, latents: tf.Tensor) -> None:
        """Take a batch of latents, float32 (B, size), into the averages."""
        new = 1.0 - self.decay
        rows = tf.cast(tf.shape(latents)[0], tf.float32)
        self.weight.assign(self.decay * self.weight + new)
        self.first.assign(self.decay * self.first + new * tf.reduce_mean(latents, axis=0))
        self.second.assign(self.decay * self.second + new * tf.matmul(latents, latents, transpose_a=True) / rows)

    def moments(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean (size,) and covariance (size, size) in float64; before training those of N(0, I)."""
        weight = float(self.weight.numpy())
        if weight == 0.0:
            return np.zeros(self.size), np.eye(self.size)
        mean = self.first.numpy().astype(np.float64) / weight
        covariance = self.second.numpy().astype(np.float64) / weight - np.outer(mean, mean)
        return mean, (covariance + covariance.T) / 2.0

    def sample(self, number: int, rng: np.random.Generator) -> np.ndarray:
        """Draw latents, float32 (number, size)."""
        mean, covariance = self.moments()
        values, vectors = np.linalg.eigh(covariance)
        # Rounding can leave a direction without spread a little below zero.
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        return (mean + rng.standard_normal((number, self.size)) @ root.T).astype(np.float32)


class StandardNormal(Stateful):
    """Is N(0, I) whatever the latents are; a variational autoencoder pulls them towards it.

    Args:
        size: Numbers in a latent.
    """

    not_state = ("size",)

    def __init__(self, size: int) -> None:
        self.size = size

    def update(self, latents: tf.Tensor) -> None:
        """Do nothing: it is not fitted."""

    def moments(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean (size,) and covariance (size, size) in float64."""
        return np.zeros(self.size), np.eye(self.size)

    def sample(self, number: int, rng: np.random.Generator) -> np.ndarray:
        """Draw latents, float32 (number, size)."""
        return rng.standard_normal((number, self.size)).astype(np.float32)
