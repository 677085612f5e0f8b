"""Multi-layer perceptrons with seeds of their own."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from lab.networks.layers.dense import NARROW, NarrowDense


def mlp(
    inputs: int, hidden_sizes: Sequence[int], outputs: int, seed: int, activation: str = "relu", dtype: str = "float32"
) -> keras.Model:
    """Build a perceptron from `inputs` features to `outputs` linear outputs.

    Hidden layers start as He et al. (2015) give for ReLU, the last one small, so that first outputs are near zero.

    Args:
        inputs, outputs: Numbers of features.
        hidden_sizes: Units of each hidden layer.
        seed: Of the initial weights; layer i draws with seed + i.
        activation: Of the hidden layers.
        dtype: Keras' type policy of the hidden layers: float32 or mixed_bfloat16; the last one is float32.
    """
    layers: list[keras.Layer] = [keras.Input((inputs,))]
    for i, units in enumerate(hidden_sizes):
        start = keras.initializers.HeUniform(seed=seed + i)
        layers.append(keras.layers.Dense(units, activation, kernel_initializer=start, dtype=dtype))
    start = keras.initializers.GlorotUniform(seed=seed + len(hidden_sizes))
    last = NarrowDense if outputs <= NARROW else keras.layers.Dense
    layers.append(last(outputs, kernel_initializer=start))
    return keras.Sequential(layers)
