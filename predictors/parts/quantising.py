"""Training with weights as whole numbers of 8 bits have them, so that a file of such weights answers the same."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import tensorflow as tf

from predictors.parts.kernels import Kernel

# Symmetric about 0, as LiteRT has weights: -128 is not used.
LARGEST = 127


@tf.custom_gradient
def nearest_of_int8(weights: tf.Tensor, scale: tf.Tensor) -> tuple[tf.Tensor, Callable[..., Any]]:
    """Return scale * round(weights / scale) within 127 steps, with the gradient of the weights themselves.

    The gradient passes straight through the rounding (Bengio et al. 2013, "Estimating or Propagating Gradients Through
    Stochastic Neurons for Conditional Computation", section 4).

    Args:
        weights: float32, of any shape.
        scale: float32 > 0, what one step is worth; it broadcasts against the weights.
    """

    def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, None]:
        return upstream, None

    return tf.clip_by_value(tf.round(weights / scale), -float(LARGEST), float(LARGEST)) * scale, gradient


def fake_quantised(weights: tf.Tensor, summed: tuple[int, ...]) -> tf.Tensor:
    """Return the weights that whole numbers of 8 bits can hold, one scale for each output channel.

    Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference",
    section 3, with a symmetric range of each channel by itself (Krishnamoorthi 2018, section 3.1), as LiteRT has them.

    Args:
        weights: float32, of any shape.
        summed: The axes that a channel spans.
    """
    largest = tf.reduce_max(tf.abs(tf.stop_gradient(weights)), axis=summed, keepdims=True)
    # Of a channel of zeros any scale will do.
    return nearest_of_int8(weights, tf.where(largest > 0.0, largest, 1.0) / float(LARGEST))


@contextlib.contextmanager
def in_int8(network: keras.Model, kernels: Sequence[Kernel]) -> Iterator[None]:
    """Let a network that is called within compute with kernels as 8 bits hold them; its variables keep their own.

    What the call changes, such as averages of a normalisation and seeds of dropout, is changed for good at the end.
    """
    mine = {id(kernel.variable): kernel.summed for kernel in kernels}
    given = []
    for variable in network.variables:
        value = tf.convert_to_tensor(variable.value)
        quantised = id(variable) in mine
        given.append((variable, fake_quantised(value, mine[id(variable)]) if quantised else value))
    with keras.StatelessScope(given, collect_losses=True) as scope:
        before = {id(variable): scope.get_current_value(variable) for variable in network.variables}
        yield
    for variable in network.non_trainable_variables:
        value = scope.get_current_value(variable)
        if value is not before[id(variable)]:
            variable.assign(value)
