"""What a network sees of a window: differences from the window's own level, in units of its own deviation."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

# Of a window's variance, in units of the training part's: one that hardly moves is not blown up.
LEAST_VARIANCE = 1e-4


class Scaled(NamedTuple):
    """A window as a network sees it, and what turns its outputs back.

    Attributes:
        past: float32 (B, T, C + K).
        start: float32 (B, H, C), what outputs are added to.
        deviation: float32 (B, 1, C), what outputs are multiplied by before.
    """

    past: tf.Tensor
    start: tf.Tensor
    deviation: tf.Tensor


def scaled(past: tf.Tensor, targets: int, horizon: int, start: str, period: int | None, by_window: bool) -> Scaled:
    """Return a window less its own level and over its own deviation (Kim et al. 2022, "reversible instance
    normalization", section 3.2, without their learnt scale), so that a level never seen before is no other task.

    Args:
        past: float32 (B, T, C + K), the first C columns those that are forecast.
        targets: C.
        horizon: H.
        start: "seasonal", "last", "mean" or "none": what is repeated over the steps ahead.
        period: Steps a season, at most T; for "seasonal".
        by_window: Whether to divide by the window's deviation.
    """
    known = past[:, :, :targets]
    last, mean = known[:, -1:], tf.reduce_mean(known, axis=1, keepdims=True)
    level = {"last": last, "none": tf.zeros_like(mean)}.get(start, mean)
    deviation = tf.ones_like(mean)
    if by_window:
        deviation = tf.sqrt(tf.reduce_mean(tf.square(known - mean), axis=1, keepdims=True) + LEAST_VARIANCE)
    seen = tf.concat([(known - level) / deviation, past[:, :, targets:]], axis=2)
    if start == "seasonal" and period is not None:
        whole = tf.tile(known[:, -period:], (1, -(-horizon // period), 1))
        return Scaled(seen, whole[:, :horizon], deviation)
    return Scaled(seen, tf.repeat(level, horizon, axis=1), deviation)


def unscaled(outputs: tf.Tensor, window: Scaled) -> tf.Tensor:
    """Return a network's outputs, float32 (B, H, C, Q), on the scale of the window before `scaled`."""
    return window.start[..., None] + window.deviation[..., None] * tf.cast(outputs, tf.float32)
