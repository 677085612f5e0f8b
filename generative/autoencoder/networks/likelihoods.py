"""How probable rows are under a decoder's outputs: functions of tensors, value by value, in nats."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import tensorflow as tf

from generative.data.dataset import DataSpec
from lab.errors import bad_value

# Added to a learnt scale, so that rows restored to the last bit have no infinite density.
LEAST_SCALE = 1e-3


def bernoulli(data: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Return the log-probability of rows in [-1, 1], taken as probabilities of 1, under logits of the same shape.

    For values between the ends it is minus a cross-entropy rather than a likelihood: no distribution over grey
    levels sums to one under it, so it compares with itself only.
    """
    return -tf.nn.sigmoid_cross_entropy_with_logits(labels=(data + 1.0) / 2.0, logits=logits)


def gaussian(data: tf.Tensor, mean: tf.Tensor, scale: tf.Tensor) -> tf.Tensor:
    """Return the log-density of rows under a Gaussian; `scale`, its standard deviation, is broadcast."""
    return -0.5 * tf.square((data - mean) / scale) - tf.math.log(scale) - 0.5 * math.log(2.0 * math.pi)


def discretised_logistic(data: tf.Tensor, mean: tf.Tensor, scale: tf.Tensor, width: float) -> tf.Tensor:
    """Return the log-probability of rows of whole numbers, scaled to [-1, 1] (Salimans et al. 2017, section 2.1).

    A level has what a logistic distribution has within half a step of it, and the first and last level also have all
    that lies beyond. With a = (x - mean - width / 2) / scale and b = a + width / scale,
    sigmoid(b) - sigmoid(a) = sigmoid(b) sigmoid(-a) (1 - exp(a - b)), which loses no digits far from the mean.

    Args:
        data: Levels in [-1, 1], `width` apart.
        mean: Of the same shape, any numbers.
        scale: Of the logistic distribution, broadcast.
        width: From one level to the next.
    """
    below = (data - mean - width / 2.0) / scale
    above = (data - mean + width / 2.0) / scale
    first, last = data < -1.0 + width / 2.0, data > 1.0 - width / 2.0
    to_above = tf.where(last, 0.0, -tf.nn.softplus(-above))
    from_below = tf.where(first, 0.0, -tf.nn.softplus(below))
    inner = tf.math.log(-tf.math.expm1(-width / scale))
    return to_above + from_below + tf.where(first | last, 0.0, inner)


@dataclasses.dataclass(frozen=True)
class Likelihood:
    """One of the functions above, for data of one kind.

    Args:
        kind: "bernoulli", "gaussian" or "discretised".
        width: From one level to the next on [-1, 1]; for "discretised".
    """

    kind: str
    width: float = 0.0

    def log_prob(self, data: tf.Tensor, outputs: tf.Tensor, log_scale: tf.Tensor) -> tf.Tensor:
        """Return the log-probability (or density) of each row, (B,): the sum over its values.

        Args:
            data: (B, ...) in [-1, 1].
            outputs: The decoder's, (B, ...).
            log_scale: Learnt, (); a Bernoulli distribution has none.
        """
        scale = LEAST_SCALE + tf.exp(log_scale)
        if self.kind == "bernoulli":
            values = bernoulli(data, outputs)
        elif self.kind == "gaussian":
            values = gaussian(data, outputs, scale)
        else:
            values = discretised_logistic(data, outputs, scale, self.width)
        return tf.reduce_sum(values, axis=list(range(1, data.shape.rank)))

    def mean(self, outputs: tf.Tensor) -> tf.Tensor:
        """Return the rows in [-1, 1] that outputs stand for."""
        return 2.0 * tf.sigmoid(outputs) - 1.0 if self.kind == "bernoulli" else outputs


def choose(name: str, spec: DataSpec, owner: str) -> Likelihood:
    """Return the likelihood of that name for data; "auto" takes the one whose numbers mean most.

    Raises:
        UsageError: When the data have no levels, or no bounds, that it needs.
    """
    kind = np.dtype(spec.dtype).kind
    if name == "auto":
        name = "bernoulli" if kind == "b" else "gaussian" if kind == "f" or not spec.bounded else "discretised"
    if name == "discretised" and (kind == "f" or not spec.bounded):
        raise bad_value(owner, "likelihood", name, f"'gaussian' or 'auto' for rows of type {spec.dtype}")
    if name == "bernoulli" and not spec.bounded:
        raise bad_value(owner, "likelihood", name, "'gaussian' or 'auto' for rows without bounds")
    return Likelihood(name, 2.0 / (spec.high - spec.low) if name == "discretised" else 0.0)
