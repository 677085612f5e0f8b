"""Penalties on the slope of a discriminator, without which it runs ahead of the generator."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

Critic = Callable[[tf.Tensor], tf.Tensor]
# Within the root, whose slope at 0 is infinite.
EPSILON = 1e-12


def scores_and_slopes(critic: Critic, rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return a critic's scores, float32 (B,), and the squared norms of their gradients by the rows, float32 (B,).

    Args:
        critic: From rows (B, ...) to scores (B,), each row on its own.
        rows: float32 (B, ...).
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(rows)
        scores = critic(rows)
        # Rows do not meet within the critic, so the gradient of the sum holds that of each score.
        total = tf.reduce_sum(scores)
    slopes = tf.cast(tape.gradient(total, rows), tf.float32)
    return scores, tf.reduce_sum(tf.reshape(tf.square(slopes), (tf.shape(rows)[0], -1)), axis=1)


def zero_centred(slopes: tf.Tensor) -> tf.Tensor:
    """Return half the mean squared norm of slopes (Mescheder et al. 2018, eq. 9): R1 at real rows, R2 at samples.

    Args:
        slopes: float32 (B,), squared norms as `scores_and_slopes` returns them.
    """
    return 0.5 * tf.reduce_mean(slopes)


def one_centred(slopes: tf.Tensor) -> tf.Tensor:
    """Return the mean of (norm - 1)^2 of slopes (Gulrajani et al. 2017, eq. 3); see `zero_centred`."""
    return tf.reduce_mean(tf.square(tf.sqrt(slopes + EPSILON) - 1.0))


def between(real: tf.Tensor, fake: tf.Tensor, alpha: tf.Tensor) -> tf.Tensor:
    """Return points on the straight lines between real rows and samples (Gulrajani et al. 2017, section 4).

    Args:
        real, fake: float32 (B, ...).
        alpha: float32 (B,) in [0, 1], one number a pair: 1 for the real row.
    """
    alpha = tf.reshape(alpha, (-1, *(1 for _ in real.shape[1:])))
    return alpha * real + (1.0 - alpha) * fake


def scored(critic: Critic, rows: tf.Tensor, weight: float) -> tuple[tf.Tensor, tf.Tensor]:
    """Return scores, float32 (B,), and the weighted zero-centred penalty on the slope at the rows, ().

    Args:
        critic, rows: As for `scores_and_slopes`.
        weight: Of the penalty; without it there is no slope to pay for.
    """
    if not weight:
        return critic(rows), tf.constant(0.0)
    scores, slopes = scores_and_slopes(critic, rows)
    return scores, weight * zero_centred(slopes)
