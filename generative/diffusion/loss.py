"""What a diffusion model learns: to say what clean row is in a noisy one, at every level."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from generative.diffusion.denoiser import along
from generative.diffusion.predictions import Prediction, from_clean, min_snr_weight


def spread(first: tf.Tensor, count: int | tf.Tensor) -> tf.Tensor:
    """Return `count` numbers in [0, 1), evenly apart from one uniform number on (Kingma et al. 2021, appendix I.1).

    Each is uniform, and together they leave no part of the range out, which makes the loss less noisy.
    """
    return tf.math.floormod(first + tf.range(count, dtype=tf.float32) / tf.cast(count, tf.float32), 1.0)


def denoising_loss(
    output_of: Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor],
    data: tf.Tensor,
    alpha: tf.Tensor,
    sigma: tf.Tensor,
    noise: tf.Tensor,
    prediction: Prediction,
    data_scale: float,
    min_snr: float | None,
) -> tf.Tensor:
    """Return the weighted mean squared error of a network's output, float32 ().

    Without `min_snr` each row counts the same in the network's own output: for eps this is the simple loss of Ho et
    al. (2020), eq. 14, for edm the weight of Karras et al. (2022), table 1, for velocity flow matching.

    Args:
        output_of: From noisy rows, alpha and sigma to the network's output.
        data: float32 (B, ...) clean rows.
        alpha, sigma: float32 (B,).
        noise: float32 (B, ...) from N(0, 1).
        prediction: What the output means.
        data_scale: Root mean square of the data.
        min_snr: Cap on the signal-to-noise ratio as weight, or None.
    """
    x = along(alpha, data) * data + along(sigma, data) * noise
    keep, scale = prediction(alpha, sigma, data_scale)
    target = from_clean(data, x, (along(keep, data), along(scale, data)))
    errors = tf.square(output_of(x, alpha, sigma) - target)
    means = tf.reduce_mean(tf.reshape(errors, (tf.shape(data)[0], -1)), axis=1)
    if min_snr is not None:
        means *= min_snr_weight(alpha, sigma, min_snr, scale, tf.minimum)
    return tf.reduce_mean(means)
