"""A head of real-valued actions by Beta distributions, whose support is the Box itself."""

from __future__ import annotations

import gymnasium
import numpy as np
import tensorflow as tf

from agents.parts.actions import box_bounds
from agents.parts.heads.head import PolicyHead
from envs import random

# Nearest to its ends that an action is taken to lie when its probability is asked for.
EDGE = 1e-6


class Beta(PolicyHead):
    """Independent Beta distributions over a bounded Box (Chou et al. 2017, "Beta policy", equations 13 and 14).

    The network gives two numbers an action, from which come alpha and beta above 1, so that there is one peak. Without
    exploring the mean is taken, since no peak stands out where both are near 1.

    Args:
        space: A Box, bounded on all sides.
    """

    continuous = True

    def __init__(self, space: gymnasium.Space[object]) -> None:
        self.space = space
        self.centre, self.half, _ = box_bounds(space)
        self.size = len(self.centre)
        self.outputs = 2 * self.size

    def sample(self, rows: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
        alpha, beta = self._shapes(rows)
        first, second = random.split(key)
        x, y = gamma(first, alpha), gamma(second, beta)
        return self._environment(x / (x + y))

    def mode(self, rows: tf.Tensor) -> tf.Tensor:
        alpha, beta = self._shapes(rows)
        return self._environment(alpha / (alpha + beta))

    def log_probability(self, rows: tf.Tensor, actions: tf.Tensor) -> tf.Tensor:
        alpha, beta = self._shapes(rows)
        units = (tf.reshape(tf.cast(actions, tf.float32), (-1, self.size)) - self.centre) / self.half
        x = tf.clip_by_value(0.5 * (units + 1.0), EDGE, 1.0 - EDGE)
        logs = (alpha - 1.0) * tf.math.log(x) + (beta - 1.0) * tf.math.log1p(-x) - _log_beta(alpha, beta)
        # In units of half the range, of which the support has two.
        return tf.reduce_sum(logs - np.log(2.0).astype(np.float32), axis=-1)

    def entropy(self, rows: tf.Tensor) -> tf.Tensor:
        alpha, beta = self._shapes(rows)
        digamma = tf.math.digamma
        each = _log_beta(alpha, beta) - (alpha - 1.0) * digamma(alpha) - (beta - 1.0) * digamma(beta)
        each += (alpha + beta - 2.0) * digamma(alpha + beta)
        return tf.reduce_sum(each + np.log(2.0).astype(np.float32), axis=-1)

    def deviation(self, rows: tf.Tensor) -> tf.Tensor:
        alpha, beta = self._shapes(rows)
        total = alpha + beta
        return tf.reduce_mean(2.0 * tf.sqrt(alpha * beta / (total + 1.0)) / total, axis=-1)

    def sample_in_numpy(self, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        shapes = 1.0 + np.logaddexp(0.0, rows.astype(np.float64))
        values = rng.beta(shapes[:, : self.size], shapes[:, self.size :])
        return self._environment_in_numpy(values)

    def mode_in_numpy(self, rows: np.ndarray) -> np.ndarray:
        shapes = 1.0 + np.logaddexp(np.float32(0.0), rows)
        alpha, beta = shapes[:, : self.size], shapes[:, self.size :]
        return self._environment_in_numpy(alpha / (alpha + beta))

    def _shapes(self, rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        shapes = 1.0 + tf.nn.softplus(rows)
        return shapes[:, : self.size], shapes[:, self.size :]

    def _environment(self, values: tf.Tensor) -> tf.Tensor:
        units = 2.0 * values - 1.0
        return tf.reshape(units * self.half + self.centre, (-1, *self.space.shape))  # type: ignore[misc]

    def _environment_in_numpy(self, values: np.ndarray) -> np.ndarray:
        units = 2.0 * values - 1.0
        return (units * self.half + self.centre).reshape(-1, *self.space.shape).astype(np.float32)  # type: ignore[misc]


def _log_beta(alpha: tf.Tensor, beta: tf.Tensor) -> tf.Tensor:
    return tf.math.lgamma(alpha) + tf.math.lgamma(beta) - tf.math.lgamma(alpha + beta)


def gamma(key: tf.Tensor, shapes: tf.Tensor) -> tf.Tensor:
    """Draw from Gamma(shape, 1) for each shape >= 1, float32 (n, a) (Marsaglia and Tsang 2000, section 2).

    Args:
        key: uint32 (2,).
        shapes: float32 (n, a).
    """
    d = shapes - 1.0 / 3.0
    c = 1.0 / tf.sqrt(9.0 * d)

    def rejected(_: tf.Tensor, done: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
        return ~tf.reduce_all(done)

    def again(i: tf.Tensor, done: tf.Tensor, values: tf.Tensor) -> tuple[tf.Tensor, ...]:
        first, second = random.split(random.fold_in(key, i))
        x = random.normal(first, shapes.shape)
        v = tf.pow(1.0 + c * x, 3.0)
        u = random.uniform(second, shapes.shape) + 2.0**-25
        bound = 0.5 * tf.square(x) + d * (1.0 - v + tf.math.log(tf.maximum(v, 1e-30)))
        accepted = (v > 0.0) & (tf.math.log(u) < bound)
        return i + 1, done | accepted, tf.where(accepted & ~done, d * v, values)

    start = (tf.zeros((), tf.int32), tf.zeros(shapes.shape, tf.bool), tf.zeros(shapes.shape))
    return tf.while_loop(rejected, again, start)[2]
