"""Epsilon-greedy exploration as pure TensorFlow functions; `exploration` has them for the host lane."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from envs import random


def pure_linear(step: tf.Tensor, start: Any, end: Any, steps: Any) -> tf.Tensor:
    """Return what `linear` does for tensors, in the float type of `steps` and else in float32, ()."""
    dtype = steps.dtype if tf.is_tensor(steps) and steps.dtype.is_floating else tf.float32
    done = tf.minimum(tf.ones((), dtype), tf.cast(step, dtype) / tf.cast(steps, dtype))
    return start + (end - start) * done


def pure_epsilon_greedy(greedy: tf.Tensor, actions: int, epsilon: Any, key: tf.Tensor) -> tf.Tensor:
    """Return int32 (n,): each row's greedy action, or with probability epsilon a uniform one.

    Args:
        greedy: int32 (n,).
        actions: How many actions there are to draw from.
        epsilon: Probability in [0, 1], a number or float32 ().
        key: uint32 (2,).
    """
    draws = random.uniform(key, (2, greedy.shape[0]))
    return tf.where(draws[0] < epsilon, tf.cast(draws[1] * actions, tf.int32), greedy)


def random_ties(values: tf.Tensor, draws: tf.Tensor) -> tf.Tensor:
    """Return int32 (n,): the place of each row's highest value, any of the highest equally likely.

    Args:
        values: (n, actions).
        draws: (n,), uniform in [0, 1).
    """
    best = tf.cast(values == tf.reduce_max(values, axis=-1, keepdims=True), tf.int32)
    count = tf.reduce_sum(best, axis=-1)
    # Rounding may lift a number just below one to the count itself.
    chosen = tf.minimum(tf.cast(draws * tf.cast(count, draws.dtype), tf.int32), count - 1)
    upto = tf.cumsum(best, axis=-1)
    return tf.reduce_sum(tf.cast(upto <= chosen[:, None], tf.int32), axis=-1)
