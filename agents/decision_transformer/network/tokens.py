"""Observations and actions as numbers for the network, and its predictions as actions."""

from __future__ import annotations

import math
from typing import Any

import gymnasium
import numpy as np
import tensorflow as tf
from gymnasium.spaces import Box, Discrete

from agents.parts.actions import clipped, in_units, squashed
from agents.parts.observations import check_observations, pure_features
from lab.errors import UsageError


def check_spaces(owner: str, observation_space: gymnasium.Space[Any], action_space: gymnasium.Space[Any]) -> None:
    """Raise `UsageError` for spaces that cannot be made tokens of."""
    if not isinstance(action_space, (Discrete, Box)):
        raise UsageError(
            f"{owner} received the action space {action_space}; expected Discrete or Box. "
            "Fix: wrap the environment so that an action is one whole number or one array of numbers."
        )
    check_observations(owner, observation_space)


def observation_features(
    space: gymnasium.Space[Any], observations: tf.Tensor, mean: tf.Tensor, spread: tf.Tensor
) -> tf.Tensor:
    """Return observations (B, T, ...) as float32 (B, T, d): see `agents.parts.observations`.

    What those give is shifted by `mean` and divided by `spread`, both float32 (d,).
    """
    rows, steps = observations.shape[:2]
    flat = pure_features(space, tf.reshape(observations, (rows * steps, *observations.shape[2:])))
    return (tf.reshape(flat, (rows, steps, -1)) - mean) / spread


def return_features(returns: Any, octaves: int) -> tf.Tensor:
    """Return scaled returns (...) with sines and cosines of them, float32 (..., 1 + 2 * octaves).

    Wave k, from 0, has the length 2^(1 - k): the linear map that follows can then tell apart returns that lie near to
    each other (Tancik et al. 2020, "Fourier features let networks learn high frequency functions").
    """
    values = tf.convert_to_tensor(returns)[..., None]
    if not octaves:
        return values
    angles = values * _frequencies(octaves)
    return tf.concat([values, tf.sin(angles), tf.cos(angles)], axis=-1)


def mirrored_return_features(returns: np.ndarray, octaves: int) -> np.ndarray:
    """Return what `return_features` does, in NumPy."""
    values = returns[..., None]
    if not octaves:
        return values
    angles = values * _frequencies(octaves)
    return np.concatenate([values, np.sin(angles), np.cos(angles)], axis=-1)


def _frequencies(octaves: int) -> np.ndarray:
    return np.array([math.pi * 2.0**k for k in range(octaves)], np.float32)


def action_features(space: gymnasium.Space[Any], actions: tf.Tensor) -> tf.Tensor:
    """Return actions (B, T, ...) as float32 (B, T, a): one-hot, or numbers that lie in [-1, 1] where bounded."""
    if isinstance(space, Discrete):
        return tf.one_hot(actions, int(space.n))
    return in_units(space, actions, lead=2)


def within_bounds(space: gymnasium.Space[Any], predictions: Any, bound: str = "tanh") -> Any:
    """Return logits as they are, and numbers (..., a), NumPy or tensor, within [-1, 1] where the space is bounded.

    Args:
        space: Of the actions.
        predictions: The network's.
        bound: "tanh" or "clip".
    """
    if isinstance(space, Discrete):
        return predictions
    return (clipped if bound == "clip" else squashed)(space, predictions)


def action_loss(
    space: gymnasium.Space[Any], predictions: tf.Tensor, actions: tf.Tensor, bound: str = "tanh"
) -> tf.Tensor:
    """Return how far each prediction is from the action taken, float32 (B, T).

    Cross-entropy for Discrete actions; for others the mean squared error on the scale of [-1, 1].

    Args:
        space: Of the actions.
        predictions: float32 (B, T, a).
        actions: (B, T, ...), as recorded.
        bound: "tanh", or "clip": then the error is of predictions before they are cut off, as beyond a bound there
            would be no gradient.
    """
    if isinstance(space, Discrete):
        return tf.nn.sparse_softmax_cross_entropy_with_logits(actions, predictions)
    held = predictions if bound == "clip" else squashed(space, predictions)
    error = held - action_features(space, actions)
    return tf.reduce_mean(tf.square(error), axis=-1)


def drawn(logits: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw a class for each row of logits (n, A), int64 (n,)."""
    shares = np.exp(logits.astype(np.float64) - logits.max(axis=-1, keepdims=True))
    sums = np.cumsum(shares, axis=-1)
    return (rng.random((len(logits), 1)) * sums[:, -1:] >= sums).sum(axis=-1)
