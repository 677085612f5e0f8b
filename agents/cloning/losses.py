"""Losses of imitation, as pure TensorFlow functions."""

from __future__ import annotations

import tensorflow as tf
from gymnasium.spaces import Box

from agents.parts.actions import in_units, squashed


def cross_entropy(logits: tf.Tensor, actions: tf.Tensor) -> tf.Tensor:
    """Return the mean of -log softmax(logits)[action], ().

    Args:
        logits: float32 (B, A).
        actions: int32 (B,).
    """
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(actions, logits))


def action_error(space: Box, outputs: tf.Tensor, actions: tf.Tensor) -> tf.Tensor:
    """Return the mean squared error of actions in units of half the space's range, ().

    Args:
        space: Of the actions.
        outputs: The network's, float32 (B, d).
        actions: float32 (B, ...).
    """
    return tf.reduce_mean(tf.square(squashed(space, outputs) - in_units(space, actions)))


def divergence(values: tf.Tensor, logits: tf.Tensor, temperature: float) -> tf.Tensor:
    """Return the mean of KL(softmax(values / temperature), softmax(logits)), () (Rusu et al. 2016, equation 3).

    Args:
        values: A teacher's action values, float32 (B, A).
        logits: float32 (B, A).
        temperature: > 0.
    """
    wanted = tf.nn.log_softmax(values / temperature)
    gaps = tf.exp(wanted) * (wanted - tf.nn.log_softmax(logits))
    return tf.reduce_mean(tf.reduce_sum(gaps, axis=-1))
