"""Layers with noise in their weights, which is drawn outside of them, so that a network stays a pure function."""

from __future__ import annotations

import math
from typing import Any

import keras
import tensorflow as tf

from envs import random
from lab.errors import UsageError


@keras.saving.register_keras_serializable("lab")
class NoisyDense(keras.layers.Dense):
    """A dense layer that also keeps how far each weight and bias deviates (Fortunato et al. 2018, "Noisy Networks").

    Called, it goes by the means, which are its kernel and bias; `drawn` puts noise into them beforehand.

    Args:
        units: Outputs.
        activation: As for `keras.layers.Dense`.
        deviation: sigma_0: deviations begin at it over the root of the number of inputs (section 3.2).
        seed: Of the initial means, uniform within 1 over that root.
    """

    def __init__(
        self, units: int, activation: Any = None, deviation: float = 0.5, seed: int = 0, **keywords: Any
    ) -> None:
        super().__init__(units, activation, **keywords)
        self.deviation, self.seed = deviation, seed

    def build(self, input_shape: Any) -> None:
        root = math.sqrt(input_shape[-1])
        starts = [keras.initializers.RandomUniform(-1.0 / root, 1.0 / root, seed=self.seed + i) for i in (0, 1)]
        self.kernel_initializer, self.bias_initializer = starts
        super().build(input_shape)
        start = keras.initializers.Constant(self.deviation / root)
        self.kernel_deviation = self.add_weight(shape=self.kernel.shape, initializer=start, name="kernel_deviation")
        self.bias_deviation = self.add_weight(shape=self.bias.shape, initializer=start, name="bias_deviation")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "deviation": self.deviation, "seed": self.seed}


def drawn(network: keras.Model, weights: tuple[tf.Tensor, ...], key: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """Return weights with factorised noise in those of the noisy layers (Fortunato et al. 2018, equations 9 to 11).

    w = mu + sigma f(e_p) f(e_q) for each input p and output q, b = mu + sigma f(e_q), with f(x) = sgn(x) sqrt |x| of
    standard normal numbers. All rows of a call share the noise.

    Args:
        network: Whose weights they are.
        weights: Tensors in the order of `trainable_variables`.
        key: uint32 (2,).

    Raises:
        UsageError: When no layer is noisy.
    """
    places = {id(v): i for i, v in enumerate(network.trainable_variables)}
    layers = [m for m in network._flatten_layers(include_self=False, recursive=True) if isinstance(m, NoisyDense)]
    if not layers:
        raise UsageError(
            f"noisy received True for the network {network.name!r}, no layer of which is noisy; expected at least one. "
            "Fix: agents.dqn.layers.noise.NoisyDense in it, or noisy=False."
        )
    noisy, sizes = list(weights), [n for layer in layers for n in layer.kernel.shape]
    noise = tf.split(_scaled(key, sum(sizes)), sizes)
    for layer, into, out in zip(layers, noise[::2], noise[1::2], strict=True):
        kernel, bias = places[id(layer.kernel)], places[id(layer.bias)]
        by = weights[places[id(layer.kernel_deviation)]], weights[places[id(layer.bias_deviation)]]
        noisy[kernel] += by[0] * into[:, None] * out[None, :]
        noisy[bias] += by[1] * out
    return tuple(noisy)


def _scaled(key: tf.Tensor, number: int) -> tf.Tensor:
    def draw(done: tf.Tensor, _: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        normal = random.normal(key, (number,))
        return done + 1, tf.sign(normal) * tf.sqrt(tf.abs(normal))

    # A loop of one turn, whose end XLA cannot foresee: without it, it would draw a number anew for each weight it
    # enters.
    once = tf.minimum(tf.cast(tf.bitwise.right_shift(key[0], tf.constant(31, tf.uint32)), tf.int32) + 1, 1)
    return tf.while_loop(lambda done, _: done < once, draw, (tf.zeros_like(once), tf.zeros(number)))[1]
