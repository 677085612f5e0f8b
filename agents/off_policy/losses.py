"""Losses and targets of off-policy actor-critics, as pure TensorFlow functions."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from envs import random


def some_of(key: tf.Tensor, number: int, size: int) -> tf.Tensor:
    """Draw `size` of `number` places without replacement, bool (number,).

    Args:
        key: uint32 (2,).
        number: N.
        size: M, at most N.
    """
    if size == number:
        return tf.ones(number, tf.bool)
    draws = random.uniform(key, (number,))
    # By rank: a sort of a handful of numbers is slower in a compiled program.
    return tf.reduce_sum(tf.cast(draws[None] < draws[:, None], tf.int32), axis=1) < size


def least(values: tf.Tensor, chosen: tf.Tensor) -> tf.Tensor:
    """Return the least of the chosen critics' values, (...) (Chen et al. 2021, "REDQ", algorithm 1, line 7).

    Args:
        values: float32 (N, ...).
        chosen: bool (N,), at least one.
    """
    mask = tf.reshape(chosen, (-1, *[1] * (len(values.shape) - 1)))
    return tf.reduce_min(tf.where(mask, values, float("inf")), axis=0)


def critic_losses(values: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """Return half the squared error of each row, summed over critics, (B,) (Haarnoja et al. 2018, equation 5).

    Args:
        values: float32 (N, B).
        target: float32 (B,), without a gradient.
    """
    return 0.5 * tf.reduce_sum(tf.square(values - target), axis=0)


def temperature_loss(log_temperature: tf.Tensor, entropy: tf.Tensor, target: Any) -> tf.Tensor:
    """Return log alpha (H - target), () (Haarnoja et al. 2018, "Soft Actor-Critic Algorithms and Applications",
    equation 18, of the logarithm as in its published code).

    Args:
        log_temperature: float32 (), log alpha.
        entropy: float32 (), H, of the policy on the batch; taken without a gradient.
        target: Of the entropy, in nats.
    """
    return log_temperature * tf.stop_gradient(entropy - target)


def smoothed(actions: tf.Tensor, key: tf.Tensor, deviation: Any, most: Any) -> tf.Tensor:
    """Return actions with clipped noise, within [-1, 1] (Fujimoto et al. 2018, "TD3", equation 14).

    Args:
        actions: float32 (B, a), in units of half the range.
        key: uint32 (2,).
        deviation: Of the normal noise, >= 0.
        most: Size at which noise is cut off; infinite for nowhere.
    """
    noise = tf.clip_by_value(random.normal(key, actions.shape) * deviation, -most, most)
    return tf.clip_by_value(actions + noise, -1.0, 1.0)
