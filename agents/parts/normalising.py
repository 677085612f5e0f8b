"""Running means and variances that are part of an agent: learnt from training's data alone, saved, resumed."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

# So that what never varies is not divided by 0.
EPSILON = 1e-8


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
