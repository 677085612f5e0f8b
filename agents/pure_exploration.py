"""Epsilon-greedy exploration as pure TensorFlow functions; `exploration` has them for the host lane."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from envs import random


def pure_linear(step: tf.Tensor, start: Any, end: Any, steps: Any) -> tf.Tensor:
    """Return what `linear` does, float32 (), for tensors."""
    done = tf.minimum(1.0, tf.cast(step, tf.float32) / tf.cast(steps, tf.float32))
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
