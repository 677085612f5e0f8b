"""Heads of real-valued actions by normal distributions, open or squashed into their bounds."""

from __future__ import annotations

import math

import gymnasium
import numpy as np
import tensorflow as tf

from agents.parts.actions import box_bounds
from agents.parts.heads.head import PolicyHead
from envs import random

# log deviations stay within; e^2 is more than seven times half a range, and e^-5 less than a hundredth of it.
LOWEST, HIGHEST = -5.0, 2.0
# Nearest to its bounds that a squashed action is taken to lie, in units of half the range, when its probability is
# asked for: float32 tells no two numbers apart that are nearer.
EDGE = 1.0 - 2.0**-22
HALF_LOG_2PI = 0.5 * math.log(2.0 * math.pi)
# Points of the quadrature over a normal distribution.
POINTS = 64


class Gaussian(PolicyHead):
    """Independent normal distributions around means, which the environment clips to the Box.

    Where the Box is bounded, a mean of 0 is its centre and one of 1 its upper bound.

    Args:
        space: A Box.
        by_state: Whether the network gives the log deviations too, after the means; else they are free numbers.
        log_deviation: Where they start (around it, if they come from the network).
    """

    continuous = True

    def __init__(self, space: gymnasium.Space[object], by_state: bool = False, log_deviation: float = 0.0) -> None:
        self.space, self.by_state, self.start = space, by_state, log_deviation
        self.centre, self.half, self.bounded = box_bounds(space)
        self.size = len(self.centre)
        self.outputs = self.size * (2 if by_state else 1)
        self.free = np.full(0 if by_state else self.size, log_deviation, np.float32)

    def sample(self, rows: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
        return self.environment(self.draw(rows, key))

    def mode(self, rows: tf.Tensor) -> tf.Tensor:
        return self.environment(rows[:, : self.size])

    def log_probability(self, rows: tf.Tensor, actions: tf.Tensor) -> tf.Tensor:
        return self.log_density(rows, self.units(actions))

    def entropy(self, rows: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(self.log_deviations(rows) + (0.5 + HALF_LOG_2PI), axis=-1)

    def deviation(self, rows: tf.Tensor) -> tf.Tensor:
        return tf.reduce_mean(tf.exp(self.log_deviations(rows)), axis=-1)

    def draw(self, rows: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
        """Draw from the normal distributions, float32 (n, a)."""
        means = rows[:, : self.size]
        return means + tf.exp(self.log_deviations(rows)) * random.normal(key, means.shape)

    def log_density(self, rows: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
        """Return the log density of values (n, a) under the normal distributions, float32 (n,)."""
        logs = self.log_deviations(rows)
        away = (values - rows[:, : self.size]) * tf.exp(-logs)
        return -tf.reduce_sum(0.5 * tf.square(away) + logs + HALF_LOG_2PI, axis=-1)

    def log_deviations(self, rows: tf.Tensor) -> tf.Tensor:
        """Return the log deviations, float32 (n, a)."""
        logs = rows[:, self.size :] + (self.start if self.by_state else 0.0)
        return tf.clip_by_value(logs, LOWEST, HIGHEST)

    def environment(self, values: tf.Tensor) -> tf.Tensor:
        """Return values in units of half the range, (n, a), in the environment's, float32 (n, ...)."""
        return tf.reshape(values * self.half + self.centre, (-1, *self.space.shape))  # type: ignore[misc]

    def units(self, actions: tf.Tensor) -> tf.Tensor:
        """Return what `environment` was given."""
        return (tf.reshape(tf.cast(actions, tf.float32), (-1, self.size)) - self.centre) / self.half

    def sample_in_numpy(self, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return self._environment(self._drawn_in_numpy(rows, rng))

    def mode_in_numpy(self, rows: np.ndarray) -> np.ndarray:
        return self._environment(rows[:, : self.size])

    def _drawn_in_numpy(self, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        means = rows[:, : self.size]
        logs = np.clip(rows[:, self.size :] + (self.start if self.by_state else 0.0), LOWEST, HIGHEST)
        drawn: np.ndarray = means + np.exp(logs) * rng.standard_normal(means.shape, np.float32)
        return drawn

    def _environment(self, values: np.ndarray) -> np.ndarray:
        return (values * self.half + self.centre).reshape(-1, *self.space.shape).astype(np.float32)  # type: ignore[misc]


class SquashedGaussian(Gaussian):
    """Normal distributions through tanh, which keeps actions within the bounds of the Box.

    Haarnoja et al. 2018, "Soft Actor-Critic Algorithms and Applications", appendix C. The entropy has no closed form;
    it is integrated by Gauss and Hermite's rule.
    """

    def __init__(self, space: gymnasium.Space[object], by_state: bool = True, log_deviation: float = 0.0) -> None:
        super().__init__(space, by_state, log_deviation)
        places, weights = np.polynomial.hermite_e.hermegauss(POINTS)
        self.places = places.astype(np.float32)
        self.weights = (weights / weights.sum()).astype(np.float32)

    def sample(self, rows: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
        return self.environment(tf.tanh(self.draw(rows, key)))

    def mode(self, rows: tf.Tensor) -> tf.Tensor:
        return self.environment(tf.tanh(rows[:, : self.size]))

    def log_probability(self, rows: tf.Tensor, actions: tf.Tensor) -> tf.Tensor:
        values = tf.atanh(tf.clip_by_value(self.units(actions), -EDGE, EDGE))
        return self.log_squashed(rows, values)

    def log_squashed(self, rows: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
        """Return the log density of tanh(values), float32 (n,), for values (n, a) before squashing (equation 26)."""
        return self.log_density(rows, values) - tf.reduce_sum(log_slope(values), axis=-1)

    def sample_with_log(self, rows: tf.Tensor, key: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Draw actions in units of half the range, (n, a), which gradients flow through; with their log density."""
        values = self.draw(rows, key)
        return tf.tanh(values), self.log_squashed(rows, values)

    def entropy(self, rows: tf.Tensor) -> tf.Tensor:
        means, deviations = rows[:, : self.size, None], tf.exp(self.log_deviations(rows))[:, :, None]
        lost = tf.reduce_sum(self.weights * log_slope(means + deviations * self.places), axis=-1)
        return super().entropy(rows) + tf.reduce_sum(lost, axis=-1)

    def sample_in_numpy(self, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return self._environment(np.tanh(self._drawn_in_numpy(rows, rng)))

    def mode_in_numpy(self, rows: np.ndarray) -> np.ndarray:
        return self._environment(np.tanh(rows[:, : self.size]))


def log_slope(values: tf.Tensor) -> tf.Tensor:
    """Return log(1 - tanh(x)^2) of each number, without loss where tanh(x) rounds to 1."""
    return 2.0 * (math.log(2.0) - values - tf.nn.softplus(-2.0 * values))
