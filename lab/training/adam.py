"""Adam (Kingma and Ba 2015, algorithm 1) as a pure function, for updates inside compiled loops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

BETA_1, BETA_2 = 0.9, 0.999


class Moments(NamedTuple):
    """What Adam remembers of past gradients.

    Attributes:
        first, second: float32 (P,), running means of the gradient and of its square.
        count: float32 (), updates so far.
    """

    first: tf.Tensor
    second: tf.Tensor
    count: tf.Tensor


def no_moments(weights: Sequence[Any]) -> Moments:
    """Return the moments before the first update of some weights, as NumPy arrays."""
    size = sum(int(np.prod(w.shape)) for w in weights)
    return Moments(np.zeros(size, np.float32), np.zeros(size, np.float32), np.zeros((), np.float32))


def flat(gradients: Sequence[tf.Tensor]) -> tf.Tensor:
    """Return gradients side by side in one vector, (P,)."""
    return tf.concat([tf.reshape(g, [-1]) for g in gradients], axis=0)


def clipped(gradient: tf.Tensor, most: Any) -> tuple[tf.Tensor, tf.Tensor]:
    """Return a gradient (P,) scaled down to the norm `most` where it is longer, and its norm before, ()."""
    norm = tf.norm(gradient)
    return gradient * (most / tf.maximum(norm, most)), norm


def adam(
    weights: Sequence[tf.Tensor],
    gradient: tf.Tensor,
    moments: Moments,
    rate: Any,
    epsilon: Any = 1e-7,
    betas: tuple[float, float] = (BETA_1, BETA_2),
    decay: Any = 0.0,
) -> tuple[tuple[tf.Tensor, ...], Moments]:
    """Make one step of Adam, or of AdamW (Loshchilov and Hutter 2019, algorithm 2) where weights decay.

    Gradient and moments are one vector each: in a compiled loop a large array costs less than one for each weight.

    Args:
        weights: Tensors.
        gradient: (P,), theirs in the same order, as `flat` gives it.
        moments: As `no_moments` or an earlier step gave them.
        rate: The step size.
        epsilon: Added to the root of the second moment ("epsilon hat", section 2).
        betas: Share of the old in the first and in the second moment.
        decay: Share of each weight, times the step size, that it loses besides.

    Returns:
        The new weights and moments.
    """
    beta_1, beta_2 = betas
    count = moments.count + 1.0
    first = moments.first + (1.0 - beta_1) * (gradient - moments.first)
    second = moments.second + (1.0 - beta_2) * (tf.square(gradient) - moments.second)
    scale = rate * tf.sqrt(1.0 - tf.pow(beta_2, count)) / (1.0 - tf.pow(beta_1, count))
    steps = tf.split(scale * first / (tf.sqrt(second) + epsilon), [int(np.prod(w.shape)) for w in weights])
    if not (isinstance(decay, float) and decay == 0.0):
        weights = [w * (1.0 - rate * decay) for w in weights]
    new = tuple(w - tf.reshape(s, w.shape) for w, s in zip(weights, steps, strict=True))
    return new, Moments(first, second, count)
