"""Parametrisation: how a network becomes a denoiser, as in table 1 of Karras et al. (2022), "EDM".

Rows at a noise level are x = alpha x0 + sigma noise. The paper's table is for alpha = 1 (its s(t) = 1, its sigma our
sigma / alpha), so that each of its columns is found here by setting alpha to 1; d is its sigma_data.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

# NumPy arrays, TensorFlow tensors and floats alike.
Array = Any
# From alpha, sigma, (B,) or (), and the root mean square of clean rows on [-1, 1] to a factor of their shape.
Column = Callable[[Array, Array, float], Array]
# From noisy rows (B, ...), alpha and sigma, () or (B,), to clean rows (B, ...).
Denoise = Callable[[Any, Any, Any], Any]

# Beyond these ratios of noise to signal a network learns nothing new.
LEAST_RATIO, GREATEST_RATIO = 1e-3, 1e3
# What the logarithm of that ratio is divided by for the network, so that it is of order 1.
LEVEL_UNIT = 4.0


def unit_input(a: Array, s: Array, d: float) -> Array:
    """Return c_in, which brings rows to unit scale: 1 / sqrt(d^2 + sigma^2) in the paper's column "EDM"."""
    return ((d * a) ** 2 + s**2) ** -0.5


def log_ratio(a: Array, s: Array, d: float) -> Array:
    """Return c_noise, log(sigma / alpha) / 4 with the ratio within [1e-3, 1e3]: ln(sigma) / 4 in column "EDM"."""
    ratio = tf.clip_by_value(s / tf.maximum(a, 1e-6), LEAST_RATIO, GREATEST_RATIO)
    return tf.math.log(ratio) / LEVEL_UNIT


@dataclasses.dataclass(frozen=True)
class Parametrisation:
    """The denoiser D(x) = c_skip x + c_out F(c_in x, c_noise) that a network F is, and how its error counts.

    The loss is the mean over rows of weight |D(x) - x0|^2 (Karras et al. 2022, eq. 7 and 8). Samplers, the loss and
    students know of a network nothing but its denoiser, so that each works with each parametrisation. Each field is a
    function of alpha, sigma, (B,) or (), and d, the root mean square of clean rows (setting `data_scale`).

    Args:
        c_skip: Of x in the denoiser.
        c_out: Of the network's output in the denoiser.
        c_in: Of x in the network's input.
        c_noise: The number that tells the network the noise level, of order 1.
        weight: Of the squared error of the denoiser, the paper's lambda; 1 / c_out^2 for equal weights in the output.
    """

    c_skip: Column
    c_out: Column
    c_in: Column
    c_noise: Column
    weight: Column

    def denoise(
        self, network: keras.Model, x: tf.Tensor, alpha: tf.Tensor, sigma: tf.Tensor, data_scale: float,
        labels: tf.Tensor | None = None, training: bool = False,
    ) -> tf.Tensor:  # fmt: skip
        """Return the clean rows that a network sees in noisy ones, float32 (B, ...).

        Args:
            network: From [rows (B, ...), numbers (B,)] or [rows, numbers, labels] to rows.
            x: float32 (B, ...), noisy rows.
            alpha, sigma: float32 (B,), each row's level.
            data_scale: Root mean square of clean rows on [-1, 1].
            labels: int32 (B,), or None for a network without.
            training: Whether dropout is at work.
        """
        level = (alpha, sigma, data_scale)
        inputs = [x * along(self.c_in(*level), x), self.c_noise(*level)]
        output = network(inputs if labels is None else [*inputs, labels], training=training)
        return along(self.c_skip(*level), x) * x + along(self.c_out(*level), x) * output

    def loss(
        self, seen: tf.Tensor, data: tf.Tensor, alpha: tf.Tensor, sigma: tf.Tensor, data_scale: float
    ) -> tf.Tensor:
        """Return the weighted mean squared error of a denoiser, float32 () (Karras et al. 2022, eq. 2 and 8).

        Args:
            seen: float32 (B, ...), what the denoiser saw.
            data: float32 (B, ...), the clean rows on [-1, 1].
            alpha, sigma: float32 (B,), the level at which it saw them.
            data_scale: Root mean square of clean rows.
        """
        errors = tf.reshape(tf.square(seen - data), (tf.shape(data)[0], -1))
        return tf.reduce_mean(self.weight(alpha, sigma, data_scale) * tf.reduce_mean(errors, axis=1))


# Table 1: an entry for each thing that a network may predict. All weigh errors of its output equally: 1 / c_out^2.
PARAMETRISATIONS: dict[str, Parametrisation] = {
    # The noise, x0 = (x - sigma F) / alpha (column "VP"; Ho et al. 2020, eq. 15, with the simple loss of eq. 14).
    "eps": Parametrisation(
        c_skip=lambda a, s, d: 1.0 / a,
        c_out=lambda a, s, d: -s / a,
        c_in=unit_input,
        c_noise=log_ratio,
        weight=lambda a, s, d: (a / s) ** 2,
    ),
    # The clean row itself.
    "x0": Parametrisation(
        c_skip=lambda a, s, d: 0.0 * a,
        c_out=lambda a, s, d: 1.0 + 0.0 * a,
        c_in=unit_input,
        c_noise=log_ratio,
        weight=lambda a, s, d: 1.0 + 0.0 * a,
    ),
    # alpha noise - sigma x0, both divided by the root of alpha^2 + sigma^2 first (Salimans and Ho 2022, section 4).
    "v": Parametrisation(
        c_skip=lambda a, s, d: a / (a**2 + s**2),
        c_out=lambda a, s, d: -s / (a**2 + s**2) ** 0.5,
        c_in=unit_input,
        c_noise=log_ratio,
        weight=lambda a, s, d: (a**2 + s**2) / s**2,
    ),
    # noise - x0, the velocity of a straight line, whose loss is flow matching (Lipman et al. 2023, section 4).
    "velocity": Parametrisation(
        c_skip=lambda a, s, d: 1.0 / (a + s),
        c_out=lambda a, s, d: -s / (a + s),
        c_in=unit_input,
        c_noise=log_ratio,
        weight=lambda a, s, d: ((a + s) / s) ** 2,
    ),
    # What is left at unit variance (column "EDM"); with data of root mean square 1 it is -v.
    "edm": Parametrisation(
        c_skip=lambda a, s, d: d**2 * a / ((d * a) ** 2 + s**2),
        c_out=lambda a, s, d: s * d / ((d * a) ** 2 + s**2) ** 0.5,
        c_in=unit_input,
        c_noise=log_ratio,
        weight=lambda a, s, d: ((d * a) ** 2 + s**2) / (s * d) ** 2,
    ),
}


def min_snr(parametrisation: Parametrisation, limit: float) -> Parametrisation:
    """Return a parametrisation that weighs the denoiser's error by min(SNR, limit) (Hang et al. 2023, section 3.4).

    For the network's own output that is min(SNR, limit) / SNR with eps, min(SNR, limit) with x0, and
    min(SNR, limit) / (SNR + 1) with v.

    Args:
        parametrisation: Whose other columns stay.
        limit: The paper's gamma; 5 there.
    """
    return dataclasses.replace(parametrisation, weight=functools.partial(_least_snr, limit=limit))


def _least_snr(a: Array, s: Array, d: float, limit: float) -> Array:
    return tf.minimum((a / s) ** 2, limit)


def denoiser(
    network: keras.Model, parametrisation: Parametrisation, data_scale: float, labels: tf.Tensor | None = None, *,
    guidance: tf.Tensor | None = None, unlabelled: int = 0, limit: float | None = None,
) -> Denoise:  # fmt: skip
    """Return the function from (x, alpha, sigma) to clean rows that samplers call; alpha and sigma are () or (B,).

    Args:
        network, parametrisation, data_scale, labels: As for `Parametrisation.denoise`.
        guidance: float32 (), for classifier-free guidance: x0 without label + guidance * (x0 with it - x0 without)
            (Ho and Salimans 2022, eq. 6, for x0); None for the model as it is, at half the cost.
        unlabelled: The label that means none.
        limit: Clean rows are clipped to [-limit, limit]; all else follows from the clipped rows. None for no clipping.
    """

    def denoise(x: tf.Tensor, alpha: tf.Tensor, sigma: tf.Tensor) -> tf.Tensor:
        both, given = x, labels
        if guidance is not None and labels is not None:
            both = tf.concat([x, x], axis=0)
            given = tf.concat([labels, tf.fill(tf.shape(labels), unlabelled)], axis=0)
        count = tf.shape(both)[0]
        alpha, sigma = tf.broadcast_to(alpha, [count]), tf.broadcast_to(sigma, [count])
        x0 = parametrisation.denoise(network, both, alpha, sigma, data_scale, given)
        if guidance is not None and labels is not None:
            named, plain = tf.split(x0, 2)
            x0 = plain + guidance * (named - plain)
        return x0 if limit is None else tf.clip_by_value(x0, -limit, limit)

    return denoise


def along(values: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
    """Return (B,) values in a shape that multiplies with rows (B, ...)."""
    return tf.reshape(values, (-1, *(1 for _ in rows.shape[1:])))


def noised(data: tf.Tensor, alpha: tf.Tensor, sigma: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
    """Return x = alpha x0 + sigma noise, (B, ...), for clean rows and noise (B, ...), alpha and sigma (B,)."""
    return along(alpha, data) * data + along(sigma, data) * noise
