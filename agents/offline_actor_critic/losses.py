"""Losses and weights of offline actor-critics, as pure TensorFlow functions."""

from __future__ import annotations

from typing import Any

import tensorflow as tf


def expectile_loss(errors: tf.Tensor, expectile: Any) -> tf.Tensor:
    """Return |tau - 1(u < 0)| u^2 of each error, (B,) (Kostrikov et al. 2021, "IQL", equation 5).

    Args:
        errors: u, float32 (B,): what is estimated less the estimate.
        expectile: tau, in (0, 1); above 0.5 an estimate that is too low costs more.
    """
    weights = tf.where(errors < 0.0, 1.0 - expectile, expectile)
    return weights * tf.square(errors)


def advantage_weights(advantages: tf.Tensor, temperature: Any, most: Any) -> tf.Tensor:
    """Return min(exp(A / temperature), most) of each row, (B,), without a gradient (IQL, equation 7, whose beta is
    1 / temperature; cut off as in its published code).

    Args:
        advantages: A, float32 (B,).
        temperature: > 0.
        most: > 0.
    """
    # The exponent is cut off, not the weight: that of a great advantage is infinite.
    exponents = tf.minimum(advantages / temperature, tf.math.log(tf.cast(most, tf.float32)))
    return tf.stop_gradient(tf.exp(exponents))


def normalised_weights(advantages: tf.Tensor, temperature: Any) -> tf.Tensor:
    """Return exp(A / temperature) of each row over its mean, (B,), without a gradient (Nair et al. 2020, "AWAC",
    equation 13, whose normaliser is estimated by the batch as in its published code).

    Args:
        advantages: A, float32 (B,).
        temperature: lambda, > 0.
    """
    weights = tf.nn.softmax(advantages / temperature) * float(advantages.shape[0])
    return tf.stop_gradient(weights)


def value_weight(values: tf.Tensor, alpha: Any) -> tf.Tensor:
    """Return alpha / mean |Q|, (), without a gradient (Fujimoto and Gu 2021, "TD3+BC", equation 5).

    Args:
        values: Q, float32 (B,).
        alpha: >= 0.
    """
    size = tf.reduce_mean(tf.abs(values))
    # Where all values are 0 they have no say, whatever their weight.
    return tf.stop_gradient(alpha / tf.maximum(size, 1e-6))
