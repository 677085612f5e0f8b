"""What the two players of a GAN minimise, as functions of the discriminator's scores."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf


class Losses(NamedTuple):
    """Both players' losses, float32 () each."""

    discriminator: tf.Tensor
    generator: tf.Tensor


def non_saturating(real_scores: tf.Tensor, fake_scores: tf.Tensor) -> Losses:
    """Return cross-entropies, scores being logits of "real" (Goodfellow et al. 2014, section 3).

    The generator maximises log D(G(z)), whose slope does not vanish while the discriminator wins.

    Args:
        real_scores: float32 (B,), of real rows.
        fake_scores: float32 (B,), of samples.
    """
    real, fake = tf.nn.softplus(-real_scores), tf.nn.softplus(fake_scores)
    return Losses(tf.reduce_mean(real) + tf.reduce_mean(fake), tf.reduce_mean(tf.nn.softplus(-fake_scores)))


def least_squares(real_scores: tf.Tensor, fake_scores: tf.Tensor) -> Losses:
    """Return squared distances from 1 for real and 0 for fake (Mao et al. 2017, eq. 9); see `non_saturating`."""
    real, fake = tf.square(real_scores - 1.0), tf.square(fake_scores)
    discriminator = 0.5 * (tf.reduce_mean(real) + tf.reduce_mean(fake))
    return Losses(discriminator, 0.5 * tf.reduce_mean(tf.square(fake_scores - 1.0)))


def hinge(real_scores: tf.Tensor, fake_scores: tf.Tensor) -> Losses:
    """Return margins of 1 for the discriminator (Lim and Ye 2017; Miyato et al. 2018, eq. 16); see `non_saturating`."""
    real, fake = tf.nn.relu(1.0 - real_scores), tf.nn.relu(1.0 + fake_scores)
    return Losses(tf.reduce_mean(real) + tf.reduce_mean(fake), -tf.reduce_mean(fake_scores))


def wasserstein(real_scores: tf.Tensor, fake_scores: tf.Tensor) -> Losses:
    """Return the difference of mean scores (Arjovsky et al. 2017, eq. 2); see `non_saturating`.

    Less the penalty, the discriminator's loss is minus an estimate of the Wasserstein distance.
    """
    fake = tf.reduce_mean(fake_scores)
    return Losses(fake - tf.reduce_mean(real_scores), -fake)


def relativistic(real_scores: tf.Tensor, fake_scores: tf.Tensor) -> Losses:
    """Return cross-entropies of which of a pair is real (Jolicoeur-Martineau 2018, section 4.1); see `non_saturating`.

    Each sample is scored beside a real row, which leaves no reward for a place where many samples already are (Huang
    et al. 2024, "The GAN is dead; long live the GAN!", section 2).
    """
    lead = real_scores - fake_scores
    return Losses(tf.reduce_mean(tf.nn.softplus(-lead)), tf.reduce_mean(tf.nn.softplus(lead)))
