"""Actions of a Box in units of half its range, as networks predict them."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import tensorflow as tf


def box_bounds(space: gymnasium.Space[Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the centre and half the width of a Box, float32 (a,), and where it is bounded, bool (a,).

    Without bounds on both sides the centre is 0 and half the width 1.
    """
    low, high = (np.asarray(b, np.float64).ravel() for b in (space.low, space.high))  # type: ignore[attr-defined]
    bounded = np.isfinite(low) & np.isfinite(high)
    low, high = np.where(bounded, low, -1.0), np.where(bounded, high, 1.0)
    half = np.where(high > low, (high - low) / 2, 1.0)
    return ((low + high) / 2).astype(np.float32), half.astype(np.float32), bounded


def in_units(space: gymnasium.Space[Any], actions: Any, lead: int = 1) -> Any:
    """Return recorded actions, NumPy or tensor, as float32 (..., a), within [-1, 1] where the Box is bounded.

    Args:
        space: A Box.
        actions: (..., *space.shape).
        lead: How many dimensions stand before the space's own.
    """
    centre, half, _ = box_bounds(space)
    if isinstance(actions, np.ndarray):
        return (actions.astype(np.float32).reshape(*actions.shape[:lead], len(centre)) - centre) / half
    return (tf.reshape(tf.cast(actions, tf.float32), (*actions.shape[:lead], len(centre))) - centre) / half


def squashed(space: gymnasium.Space[Any], predictions: Any) -> Any:
    """Return predictions (..., a), NumPy or tensor, within [-1, 1] where the Box is bounded (tanh)."""
    bounded = box_bounds(space)[2]
    if isinstance(predictions, np.ndarray):
        return np.where(bounded, np.tanh(predictions), predictions)
    if bounded.all():
        return tf.tanh(predictions)
    return tf.where(tf.constant(bounded), tf.tanh(predictions), predictions)


def clipped(space: gymnasium.Space[Any], predictions: Any) -> Any:
    """Return predictions (..., a), NumPy or tensor, cut off at -1 and 1 where the Box is bounded."""
    limit = np.where(box_bounds(space)[2], np.float32(1.0), np.float32(np.inf))
    if isinstance(predictions, np.ndarray):
        return np.clip(predictions, -limit, limit)
    return tf.clip_by_value(predictions, -limit, limit)


def as_actions(space: gymnasium.Space[Any], predictions: np.ndarray) -> np.ndarray:
    """Return predictions within their bounds, float32 (n, a), as actions of a Box, (n, ...)."""
    centre, half, _ = box_bounds(space)
    low, high = (np.asarray(b).reshape(-1) for b in (space.low, space.high))  # type: ignore[attr-defined]
    # Rounding may put a value a last bit outside; where there is one bound, nothing else keeps it.
    values = np.clip(predictions * half + centre, low, high)
    return values.reshape(len(values), *(space.shape or ())).astype(space.dtype)


def as_actions_tensor(space: gymnasium.Space[Any], predictions: tf.Tensor) -> tf.Tensor:
    """Return what `as_actions` does, for a tensor float32 (n, a)."""
    centre, half, _ = box_bounds(space)
    low, high = (np.asarray(b, np.float32).reshape(-1) for b in (space.low, space.high))  # type: ignore[attr-defined]
    values = tf.minimum(tf.maximum(predictions * half + centre, low), high)
    return tf.cast(tf.reshape(values, (-1, *(space.shape or ()))), space.dtype)
