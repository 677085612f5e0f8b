"""What new latents are drawn from: near those of training rows, a Gaussian of their moments, or N(0, I)."""

from __future__ import annotations

import math

import numpy as np
import tensorflow as tf

from lab.runs.state import Stateful

# Share of each latent's variance that a local Gaussian has besides.
EVERYWHERE = 0.03
# So that a latent that never varies can be divided by its standard deviation.
LEAST_UNIT = 1e-9
# Rows that scikit-learn looks for neighbours of at once.
QUERIES = 256


class GaussianPrior(Stateful):
    """Keeps running first and second moments of latents, and draws from the Gaussian that has them.

    Moments are exponential averages, begun at zero and divided by the weight they have gathered (Kingma and Ba
    2015, "Adam", section 3), so that they are unbiased from the first batch on. Old latents fade, because the
    encoder that made them has changed since.

    Args:
        size: Numbers in a latent.
        decay: Share of the old in each average.
    """

    not_state: tuple[str, ...] = ("size", "decay")

    def __init__(self, size: int, decay: float) -> None:
        self.size = size
        self.decay = decay
        self.weight = tf.Variable(0.0, trainable=False)
        self.first = tf.Variable(tf.zeros(size), trainable=False)
        self.second = tf.Variable(tf.zeros((size, size)), trainable=False)

    def update(self, latents: tf.Tensor, labels: tf.Tensor | None = None) -> None:
        """Take a batch of latents, float32 (B, size), into account, and labels int32 (B,) where they matter."""
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

    def sample(self, number: int, rng: np.random.Generator, labels: np.ndarray | None = None) -> np.ndarray:
        """Draw latents, float32 (number, size), for labels int32 (number,) where they matter.

        Row i depends on `rng`, i and its label alone; `rng` serves this one call.
        """
        return self._shaped(rng.standard_normal((number, self.size)))

    def _shaped(self, normal: np.ndarray) -> np.ndarray:
        """Return latents, float32 (N, size), of the moments for standard normal numbers (N, size)."""
        mean, covariance = self.moments()
        values, vectors = np.linalg.eigh(covariance)
        # Rounding can leave a direction without spread a little below zero.
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        # Row by row: a product of matrices sums in another order for another number of rows.
        return (mean + np.matmul(normal[:, None, :], root.T)[:, 0]).astype(np.float32)


class LocalPrior(GaussianPrior):
    """Keeps the latest latents too, and draws near one of them, as its neighbours are spread about it.

    That is a Gaussian for each latent kept, with a fraction of its neighbours' covariance and a little of all latents'
    variances (Vincent and Bengio 2002, "Manifold Parzen Windows", section 2): latents may be of any shape, and there is
    nothing to fit. Where latents come with labels, each label's are neighbours among themselves.

    Args:
        size, decay: As for `GaussianPrior`.
        kept: How many latents, the latest ones, are kept.
        neighbours: How many of the nearest give a Gaussian its covariance; fewer where there are not as many.
        spread: Which fraction of that covariance.
    """

    not_state = ("kept", "neighbours", "spread")

    def __init__(self, size: int, decay: float, kept: int, neighbours: int, spread: float) -> None:
        super().__init__(size, decay)
        self.kept, self.neighbours, self.spread = kept, neighbours, spread
        self.latents = tf.Variable(tf.zeros((kept, size)), trainable=False)
        self.labels = tf.Variable(tf.zeros(kept, tf.int32), trainable=False)
        self.seen = tf.Variable(0, trainable=False)

    def update(self, latents: tf.Tensor, labels: tf.Tensor | None = None) -> None:
        super().update(latents)
        latest = latents[-self.kept :]
        count = tf.shape(latest)[0]
        places = ((self.seen + tf.range(count)) % self.kept)[:, None]
        self.latents.assign(tf.tensor_scatter_nd_update(self.latents, places, latest))
        if labels is not None:
            self.labels.assign(tf.tensor_scatter_nd_update(self.labels, places, labels[-self.kept :]))
        # What matters is the place of the next one, and whether all places are filled; so it never overflows.
        after = self.seen + count
        self.seen.assign(tf.where(after < 2 * self.kept, after, self.kept + after % self.kept))

    def sample(self, number: int, rng: np.random.Generator, labels: np.ndarray | None = None) -> np.ndarray:
        kept = min(int(self.seen.numpy()), self.kept)
        latents, known = self.latents.numpy()[:kept].astype(np.float64), self.labels.numpy()[:kept]
        # A stream for each of: which latent, what is added everywhere, and how far towards its neighbours.
        choosing, everywhere, near = rng.spawn(3)
        draws = (
            choosing.random(number),
            everywhere.standard_normal((number, self.size)),
            near.standard_normal((number, self.neighbours)),
        )
        if labels is None:
            return self._drawn(latents, *draws)
        drawn = np.zeros((number, self.size), np.float32)
        for label in np.unique(labels):
            asked = labels == label
            drawn[asked] = self._drawn(latents[known == label], *(numbers[asked] for numbers in draws))
        return drawn

    def _drawn(self, latents: np.ndarray, uniform: np.ndarray, normal: np.ndarray, near: np.ndarray) -> np.ndarray:
        """Return a draw, float32 (n, size), for uniform (n,), and normal numbers (n, size) and (n, neighbours)."""
        if len(latents) < 2:
            # Of all latents' moments: too few to tell more.
            return self._shaped(normal)
        unit = np.maximum(latents.std(axis=0), LEAST_UNIT)
        scaled = latents / unit
        chosen = np.minimum((uniform * len(latents)).astype(np.int64), len(latents) - 1)
        drawn = scaled[chosen] + math.sqrt(EVERYWHERE) * normal
        offsets = neighbours_of(scaled, chosen, min(self.neighbours, len(latents) - 1))
        # A sum of as many normal numbers as there are offsets, times these, has their covariance.
        noise = near[:, : offsets.shape[1]] * math.sqrt(self.spread / offsets.shape[1])
        return ((drawn + np.matmul(noise[:, None, :], offsets)[:, 0]) * unit).astype(np.float32)


def neighbours_of(points: np.ndarray, chosen: np.ndarray, count: int) -> np.ndarray:
    """Return what leads from some points to the nearest others, (n, count, size).

    Args:
        points: (N, size).
        chosen: Indices (n,) of those points.
        count: How many of the nearest, less than N.
    """
    from sklearn.neighbors import NearestNeighbors

    if not len(chosen):
        return np.zeros((0, count, points.shape[1]))
    # Always whole chunks of queries, so that a point has the same neighbours however many are asked about.
    asked = np.concatenate([chosen, np.zeros(-len(chosen) % QUERIES, np.int64)])
    # A point is the first of its own neighbours, or as near as that one.
    found = NearestNeighbors(n_neighbors=count + 1, algorithm="brute").fit(points)
    nearest = found.kneighbors(points[asked], return_distance=False)[: len(chosen), 1:]
    return points[nearest] - points[chosen][:, None]


class StandardNormal(Stateful):
    """Is N(0, I) whatever the latents are; a variational autoencoder pulls them towards it.

    Args:
        size: Numbers in a latent.
    """

    not_state = ("size",)

    def __init__(self, size: int) -> None:
        self.size = size

    def update(self, latents: tf.Tensor, labels: tf.Tensor | None = None) -> None:
        """Do nothing: it is not fitted."""

    def moments(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean (size,) and covariance (size, size) in float64."""
        return np.zeros(self.size), np.eye(self.size)

    def sample(self, number: int, rng: np.random.Generator, labels: np.ndarray | None = None) -> np.ndarray:
        """Draw latents, float32 (number, size), for labels int32 (number,) where they matter."""
        return rng.standard_normal((number, self.size)).astype(np.float32)
