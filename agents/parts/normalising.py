"""Running means and variances that are part of an agent: learnt from training's data alone, saved, resumed."""

from __future__ import annotations

from typing import Any, NamedTuple

import gymnasium
import numpy as np
import tensorflow as tf

from agents.parts.observations import features

# So that what never varies is not divided by 0.
EPSILON = 1e-8
# Where what is normalised is cut off (Stable-Baselines3's and OpenAI Baselines' value).
LIMIT = 10.0
# Of Fujimoto and Gu 2021, section 5.
SMALL = 1e-3


class RunningStatistics(NamedTuple):
    """Mean and variance of all that has been seen so far.

    Attributes:
        count: float32 (), rows seen.
        mean, variance: float32 (d,) or ().
    """

    count: Any
    mean: Any
    variance: Any


def no_statistics(shape: tuple[int, ...] = ()) -> RunningStatistics:
    """Return the statistics of nothing, which leave what they normalise as it is; NumPy arrays."""
    return RunningStatistics(np.zeros((), np.float32), np.zeros(shape, np.float32), np.ones(shape, np.float32))


def with_rows(known: RunningStatistics, rows: tf.Tensor) -> RunningStatistics:
    """Return the statistics with further rows taken in (Chan, Golub and LeVeque 1983, equations 2.1).

    Args:
        known: So far.
        rows: float32 (n, d), or (n,) for single numbers.
    """
    number = tf.constant(float(rows.shape[0]))
    mean, variance = tf.nn.moments(rows, axes=[0])
    total = known.count + number
    weight, apart = number / total, mean - known.mean
    merged = (1.0 - weight) * known.variance + weight * variance + weight * (1.0 - weight) * tf.square(apart)
    # What stands there before anything was seen is no variance of anything.
    merged = tf.where(known.count > 0.0, merged, variance)
    return RunningStatistics(total, tf.where(known.count > 0.0, known.mean + weight * apart, mean), merged)


def standardised(known: RunningStatistics, rows: Any, limit: float) -> Any:
    """Return rows, an array or a tensor (..., d), less the mean and over the deviation, cut off at -limit and limit."""
    if isinstance(rows, np.ndarray):
        return np.clip((rows - known.mean) / np.sqrt(known.variance + np.float32(EPSILON)), -limit, limit)
    return tf.clip_by_value((rows - known.mean) * tf.math.rsqrt(known.variance + EPSILON), -limit, limit)


def moments_of(space: gymnasium.Space[Any], observed: Any, block: int = 100_000) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and the standard deviation of each feature of recorded observations, float64 (d,), by blocks.

    The deviation of a feature that never varies is 1, so that it keeps its unit.

    Args:
        space: Of the observations.
        observed: (N, ...), in memory or mapped from a file.
        block: Observations read at once.
    """
    starts = range(0, len(observed), block)
    with np.errstate(invalid="ignore"):  # Whoever trains refuses what is not finite, with a message.
        # Two passes: the difference of two large sums would lose small deviations.
        mean = sum(features(space, observed[i : i + block]).sum(axis=0, dtype=np.float64) for i in starts)
        mean = mean / len(observed)
        squares = sum(np.square(features(space, observed[i : i + block]) - mean).sum(axis=0) for i in starts)
        deviation = np.sqrt(squares / len(observed))
    return mean, np.where(deviation > 1e-6, deviation, 1.0)


def scaled(rows: Any, mean: Any, deviation: Any) -> Any:
    """Return rows, an array or a tensor (..., d), less the mean and over the deviation (Fujimoto and Gu 2021, section
    5, with the small number that they add to it)."""
    if isinstance(rows, np.ndarray):
        mean, deviation = np.asarray(mean), np.asarray(deviation)
    return (rows - mean) / (deviation + SMALL)


def discounted_sums(rewards: tf.Tensor, ended: tf.Tensor, start: tf.Tensor, discount: Any) -> tf.Tensor:
    """Return each step's discounted sum of the rewards of its episode so far, float32 (T, n).

    Their variance is the scale by which rewards are divided (Engstrom et al. 2020, "Implementation Matters in Deep
    Policy Gradients", section 2 and appendix A.2).

    Args:
        rewards: float32 (T, n).
        ended: bool (T, n), whether the episode ended with the step.
        start: float32 (n,), the sums that the episodes in progress have before the first step.
        discount: gamma.
    """
    length = rewards.shape[0]

    def one(t: tf.Tensor, before: tf.Tensor, sums: tf.Tensor) -> tuple[tf.Tensor, ...]:
        now = rewards[t] + discount * before
        return t + 1, now * (1.0 - tf.cast(ended[t], tf.float32)), tf.tensor_scatter_nd_update(sums, [[t]], now[None])

    begin = (tf.zeros((), tf.int32), start, tf.zeros_like(rewards))
    return tf.while_loop(lambda t, *_: t < length, one, begin)[2]
