"""What latents look like: Gaussians fitted to them as training goes on, or one that they are held to."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import tensorflow as tf

from lab.state import Stateful

# How many latents, for each number in one, a Gaussian of a mixture needs; and steps of the fit.
LEAST_SHARE = 8
FIT_STEPS = 50
# Added to a Gaussian's variances: this share of the latents' mean variance.
LEAST_VARIANCE = 1e-4


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
        """Draw latents, float32 (number, size), for labels int32 (number,) where they matter."""
        mean, covariance = self.moments()
        values, vectors = np.linalg.eigh(covariance)
        # Rounding can leave a direction without spread a little below zero.
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        return (mean + rng.standard_normal((number, self.size)) @ root.T).astype(np.float32)


class MixturePrior(GaussianPrior):
    """Keeps the latest latents too, and draws from a mixture of Gaussians that is fitted to them when it is asked.

    So latents may be of any shape (Ghosh et al. 2020, "From Variational to Deterministic Autoencoders", section 4).
    With fewer latents than `components` Gaussians need, the mixture has fewer of them. Where latents come with labels,
    each label has a mixture of its own.

    Args:
        size, decay: As for `GaussianPrior`.
        components: Gaussians in the mixture.
        kept: How many latents, the latest ones, it is fitted to.
    """

    not_state = ("components", "kept", "fitted")

    def __init__(self, size: int, decay: float, components: int, kept: int) -> None:
        super().__init__(size, decay)
        self.components, self.kept = components, kept
        self.latents = tf.Variable(tf.zeros((kept, size)), trainable=False)
        self.labels = tf.Variable(tf.zeros(kept, tf.int32), trainable=False)
        self.seen = tf.Variable(0, trainable=False)
        # What was drawn from last, and a hash of the latents it was fitted to.
        self.fitted: dict[int, tuple[int, Any]] = {}

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
        if labels is None:
            return self._drawn(0, latents, number, rng)
        drawn = np.zeros((number, self.size), np.float32)
        for label in np.unique(labels):
            asked = labels == label
            drawn[asked] = self._drawn(int(label), latents[known == label], int(asked.sum()), rng)
        return drawn

    def _drawn(self, key: int, latents: np.ndarray, number: int, rng: np.random.Generator) -> np.ndarray:
        components = min(self.components, len(latents) // (LEAST_SHARE * self.size))
        if components < 1:
            # Of all latents' moments: too few to tell more.
            return super().sample(number, rng)
        mixture = self.mixture(key, latents, components)
        chosen = rng.choice(components, number, p=mixture.weights_ / mixture.weights_.sum())
        roots = np.linalg.cholesky(mixture.covariances_)
        noise = np.einsum("nij,nj->ni", roots[chosen], rng.standard_normal((number, self.size)))
        return (mixture.means_[chosen] + noise).astype(np.float32)

    def mixture(self, key: int, latents: np.ndarray, components: int) -> Any:
        """Return a mixture of Gaussians, a fitted `sklearn.mixture.GaussianMixture`, for latents (N, size).

        Args:
            key: Which one it is; it is fitted anew when its latents have changed.
            latents: float64.
            components: Gaussians in it.
        """
        state = hash((latents.tobytes(), components))
        if key not in self.fitted or self.fitted[key][0] != state:
            from sklearn.mixture import GaussianMixture

            least = LEAST_VARIANCE * latents.var(axis=0).mean() + 1e-9
            model = GaussianMixture(components, reg_covar=least, max_iter=FIT_STEPS, random_state=0)
            with warnings.catch_warnings():
                # That it could be improved further.
                warnings.simplefilter("ignore")
                self.fitted[key] = (state, model.fit(latents))
        return self.fitted[key][1]


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
