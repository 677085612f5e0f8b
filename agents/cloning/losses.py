"""Losses of imitation and the policies they train, as pure TensorFlow functions."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import tensorflow as tf
from gymnasium.spaces import Box


def cross_entropy(logits: tf.Tensor, actions: tf.Tensor) -> tf.Tensor:
    """Return the mean of -log softmax(logits)[action], ().

    Args:
        logits: float32 (B, A).
        actions: int32 (B,).
    """
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(actions, logits))


def half_range(space: Box) -> tuple[np.ndarray, np.ndarray]:
    """Return the middle and half the width of a Box, float32 of its shape; 0 and 1 where it is not bounded."""
    bounded = space.bounded_below & space.bounded_above
    low, high = (np.where(bounded, b, s).astype(np.float64) for b, s in ((space.low, -1.0), (space.high, 1.0)))
    return ((low + high) / 2).astype(np.float32), ((high - low) / 2).astype(np.float32)


def squashed(space: gymnasium.Space[Any], outputs: Any) -> Any:
    """Return a network's outputs as actions in units of half the space's range, before it is shifted and stretched.

    Bounded entries go through tanh, so that no action lies outside.

    Args:
        space: A Box.
        outputs: float32 (B, d), NumPy or tensor.
    """
    bounded = (space.bounded_below & space.bounded_above).ravel()  # type: ignore[attr-defined]
    if isinstance(outputs, np.ndarray):
        return np.where(bounded, np.tanh(outputs), outputs)
    return tf.where(bounded, tf.tanh(outputs), outputs)


def action_error(space: Box, outputs: tf.Tensor, actions: tf.Tensor) -> tf.Tensor:
    """Return the mean squared error of actions in units of half the space's range, ().

    Args:
        space: Of the actions.
        outputs: The network's, float32 (B, d).
        actions: float32 (B, ...).
    """
    middle, half = half_range(space)
    wanted = tf.reshape((actions - middle) / half, outputs.shape)
    return tf.reduce_mean(tf.square(squashed(space, outputs) - wanted))
