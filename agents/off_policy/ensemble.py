"""Ensemble: critics of the same shape, whose layers are one batched product each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

# Of Ba et al. 2016 and of Ioffe and Szegedy 2015 as Keras has them, and the momentum of Bhatt et al. 2024.
EPSILON = 1e-3
MOMENTUM = 0.99


class Ensemble:
    """Maps rows of numbers to each critic's outputs, as pure functions of explicit weights, which lie critic by critic.

    `layer` normalises before each hidden layer's ReLU (Ba, Kiros and Hinton 2016, "Layer Normalization"; Hiraoka et al.
    2022, "Dropout Q-Functions", figure 2). `batch` normalises the inputs and what each ReLU gives (Ioffe and Szegedy
    2015; Bhatt et al. 2024, "CrossQ", section 3.2), by the batch when it trains and by running statistics elsewhere.

    Args:
        number: Critics, N.
        inputs: Numbers that a row has.
        hidden_sizes: Units of each hidden layer.
        outputs: Numbers that a critic gives a row.
        normalisation: "none", "layer" or "batch".
    """

    def __init__(
        self, number: int, inputs: int, hidden_sizes: Sequence[int], outputs: int, normalisation: str = "none"
    ) -> None:
        self.number, self.normalisation = number, normalisation
        self.sizes = (inputs, *hidden_sizes, outputs)
        # Widths of what is normalised: their scales and shifts come after the kernels and biases.
        self.normalised = {"none": (), "layer": tuple(hidden_sizes), "batch": (inputs, *hidden_sizes)}[normalisation]

    @property
    def batch(self) -> bool:
        """Whether statistics of batches are kept."""
        return self.normalisation == "batch"

    def start(self, seed: int) -> tuple[np.ndarray, ...]:
        """Return first weights, float32: kernels (N, in, out) and biases (N, 1, out), then scales and shifts.

        They are drawn as `lab.networks.mlp` draws its own.
        """
        weights, layers = [], len(self.sizes) - 1
        for layer, pair in enumerate(zip(self.sizes, self.sizes[1:], strict=False)):
            kind = keras.initializers.HeUniform if layer < layers - 1 else keras.initializers.GlorotUniform
            drawn = [np.asarray(kind(seed=seed + critic * layers + layer)(pair)) for critic in range(self.number)]
            weights += [np.stack(drawn).astype(np.float32), np.zeros((self.number, 1, pair[1]), np.float32)]
        for width in self.normalised:
            weights += [np.ones((self.number, 1, width), np.float32), np.zeros((self.number, 1, width), np.float32)]
        return tuple(weights)

    def no_statistics(self) -> tuple[np.ndarray, ...]:
        """Return running means and variances before the first batch, float32 (N, 1, width) in turn."""
        shapes = [(self.number, 1, width) for width in self.normalised] if self.batch else []
        return tuple(f(shape, np.float32) for shape in shapes for f in (np.zeros, np.ones))

    def __call__(self, weights: Sequence[tf.Tensor], rows: tf.Tensor, statistics: Sequence[tf.Tensor] = ()) -> Any:
        """Return outputs, float32 (n, B, outputs), of as many critics as the weights are of.

        Args:
            weights: float32 (n, ...), in the order of `start`.
            rows: float32 (B, inputs).
            statistics: In the order of `no_statistics`; with `batch` only.
        """
        return self._run(weights, rows, statistics, False)[0]

    def train(
        self, weights: Sequence[tf.Tensor], rows: tf.Tensor, statistics: Sequence[tf.Tensor]
    ) -> tuple[tf.Tensor, tuple[tf.Tensor, ...]]:
        """Return outputs as normalised by these very rows, and running statistics that have taken them in."""
        return self._run(weights, rows, statistics, True)

    def _run(
        self, weights: Sequence[tf.Tensor], rows: tf.Tensor, statistics: Sequence[tf.Tensor], training: bool
    ) -> tuple[tf.Tensor, tuple[tf.Tensor, ...]]:
        layers = len(self.sizes) - 1
        kernels, scales = weights[: 2 * layers], weights[2 * layers :]
        hidden = tf.broadcast_to(rows, (kernels[0].shape[0], *rows.shape))
        after: list[tf.Tensor] = []

        def batch_normalised(place: int, hidden: tf.Tensor) -> tf.Tensor:
            mean, variance = statistics[2 * place : 2 * place + 2]
            if training:
                now = tf.nn.moments(hidden, axes=[1], keepdims=True)
                for old, new in zip((mean, variance), now, strict=True):
                    after.append(MOMENTUM * old + (1.0 - MOMENTUM) * tf.stop_gradient(new))
                mean, variance = now
            return _scaled(hidden, mean, variance, scales[2 * place : 2 * place + 2])

        if self.batch:
            hidden = batch_normalised(0, hidden)
        for layer in range(layers - 1):
            hidden = hidden @ kernels[2 * layer] + kernels[2 * layer + 1]
            if self.normalisation == "layer":
                moments = tf.nn.moments(hidden, axes=[2], keepdims=True)
                hidden = _scaled(hidden, moments[0], moments[1], scales[2 * layer : 2 * layer + 2])
            hidden = tf.nn.relu(hidden)
            if self.batch:
                hidden = batch_normalised(layer + 1, hidden)
        return hidden @ kernels[-2] + kernels[-1], tuple(after)


def _scaled(values: tf.Tensor, mean: tf.Tensor, variance: tf.Tensor, scale: Sequence[tf.Tensor]) -> tf.Tensor:
    return (values - mean) * tf.math.rsqrt(variance + EPSILON) * scale[0] + scale[1]
