"""Losses of value distributions, as pure TensorFlow functions."""

from __future__ import annotations

import tensorflow as tf


def quantile_huber(
    quantiles: tf.Tensor, targets: tf.Tensor, delta: float = 1.0, fractions: tf.Tensor | None = None
) -> tf.Tensor:
    """Return the quantile Huber loss of each row, (B,) (Dabney et al. 2018, "QR-DQN", equation 10).

    Each target counts with all quantiles: a sum over quantiles of the
    mean over targets.

    Args:
        quantiles: float32 (B, N), of the actions taken.
        targets: float32 (B, M), without a gradient.
        delta: Error beyond which the loss grows in a line.
        fractions: float32 (B, N), of which they are the quantiles; None for (i + 1/2) / N.
    """
    if fractions is None:
        number = quantiles.shape[-1]
        fractions = (tf.range(number, dtype=tf.float32)[None] + 0.5) / number
    # (B, N, M): the axis of quantiles first, that of targets last.
    errors = targets[:, None, :] - quantiles[:, :, None]
    size = tf.abs(errors)
    bounded = tf.minimum(size, delta)
    huber = bounded * (size - 0.5 * bounded)
    weights = tf.abs(fractions[:, :, None] - tf.cast(errors < 0.0, tf.float32))
    return tf.reduce_sum(tf.reduce_mean(weights * huber / delta, axis=2), axis=1)


def categorical_projection(support: tf.Tensor, probabilities: tf.Tensor, atoms: tf.Tensor) -> tf.Tensor:
    """Return probabilities on fixed atoms of a distribution on others (Bellemare et al. 2017, "C51", algorithm 1).

    Each old atom's probability goes to the two fixed ones beside it, by nearness; outside, to the nearest end. An old
    atom that meets a fixed one gives it all.

    Args:
        support: float32 (B, N), where the probabilities lie, such as r + gamma z.
        probabilities: float32 (B, N).
        atoms: float32 (M,), evenly spaced, rising.

    Returns:
        float32 (B, M), each row's sum that of the given probabilities.
    """
    gap = atoms[1] - atoms[0]
    inside = tf.clip_by_value(support, atoms[0], atoms[-1])
    # (B, M, N): how near each old atom lies to each fixed one, 1 where they meet and 0 a gap away.
    near = tf.maximum(0.0, 1.0 - tf.abs(inside[:, None, :] - atoms[None, :, None]) / gap)
    return tf.reduce_sum(near * probabilities[:, None, :], axis=-1)
