"""Going on with a series one step after the other, each from the steps before."""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray


def draws(generator: np.random.Generator, horizon: int, paths: int, targets: int) -> NDArray[np.float32]:
    """Return normal numbers and their negatives, float32 (H, paths, C): means over paths are then nearer the truth."""
    half = generator.standard_normal((horizon, -(-paths // 2), targets))
    return np.concatenate([half, -half], axis=1)[:, :paths].astype(np.float32)


def drawn(quantiles: tf.Tensor, levels: tuple[float, ...], normal: tf.Tensor) -> tf.Tensor:
    """Return a number of a distribution of which some quantiles are known.

    As a function of the normal distribution's own quantile it goes straight from one to the next, and on beyond the
    outermost: of a normal distribution it is then exact.

    Args:
        quantiles: float32 (..., Q), rising.
        levels: Of them, rising.
        normal: A standard normal number for each, float32 (...).
    """
    if len(levels) == 1:
        return quantiles[..., 0]
    at = [NormalDist().inv_cdf(level) for level in levels]
    found = quantiles[..., 0]
    for i in range(len(levels) - 1):
        low = -np.inf if i == 0 else at[i]
        high = np.inf if i == len(levels) - 2 else at[i + 1]
        slope = (quantiles[..., i + 1] - quantiles[..., i]) / (at[i + 1] - at[i])
        line = quantiles[..., i] + slope * (normal - at[i])
        found = tf.where((normal >= low) & (normal < high), line, found)
    return found


def rolled(
    step: Callable[[tf.Tensor, tf.Tensor | None], tf.Tensor], past: tf.Tensor, future: tf.Tensor | None,
    normals: NDArray[np.float32], levels: tuple[float, ...],
) -> tf.Tensor:  # fmt: skip
    """Return the quantiles of many steps ahead over drawn futures (Salinas et al. 2020, "DeepAR", section 3.1).

    Args:
        step: From past (N, T, C + K) and what is known of the next step (N, 1, K) or None to quantiles (N, 1, C, Q).
        past: float32 (B, T, C + K).
        future: float32 (B, H, K), or None.
        normals: As `draws` gives them, (H, paths, C).
        levels: Of the quantiles.

    Returns:
        float32 (B, H, C, Q).
    """
    horizon, paths, targets = normals.shape
    size, context = tf.shape(past)[0], past.shape[1]
    whole = tf.repeat(past, paths, axis=0)
    known = None if future is None else tf.repeat(future, paths, axis=0)
    noise = tf.constant(normals)

    def body(i: tf.Tensor, whole: tf.Tensor, found: tf.TensorArray) -> tuple[tf.Tensor, tf.Tensor, tf.TensorArray]:
        ahead = None if known is None else known[:, i : i + 1]
        ordered = tf.sort(step(whole, ahead), axis=-1)[:, 0]
        value = drawn(ordered, levels, tf.tile(noise[i], (size, 1)))
        row = value[:, None] if ahead is None else tf.concat([value[:, None], ahead], axis=2)
        return i + 1, tf.ensure_shape(tf.concat([whole[:, 1:], row], axis=1), whole.shape), found.write(i, value)

    values = tf.TensorArray(tf.float32, horizon)
    start = (tf.constant(0), tf.ensure_shape(whole, (None, context, past.shape[2])), values)
    _, _, values = tf.while_loop(lambda i, *_: i < horizon, body, start)
    # (H, B * paths, C) -> (B, H, C, paths)
    stacked = tf.transpose(tf.reshape(values.stack(), (horizon, size, paths, targets)), (1, 0, 3, 2))
    return over_paths(stacked, levels)


def over_paths(values: tf.Tensor, levels: tuple[float, ...]) -> tf.Tensor:
    """Return quantiles of the last axis, (..., Q), between the two nearest in line as NumPy's do."""
    ordered = tf.sort(values, axis=-1)
    places = np.asarray(levels) * (ordered.shape[-1] - 1)
    low = np.floor(places).astype(np.int32)
    high = np.minimum(low + 1, ordered.shape[-1] - 1)
    part = tf.constant(places - low, tf.float32)
    return tf.gather(ordered, low, axis=-1) * (1.0 - part) + tf.gather(ordered, high, axis=-1) * part
