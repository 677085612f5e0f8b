"""Small convolutional networks for pictures of a few pixels a side."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from lab.errors import UsageError


def convnet(
    shape: tuple[int, ...], filters: Sequence[int], hidden_sizes: Sequence[int], outputs: int, seed: int
) -> keras.Model:
    """Build 3x3 convolutions and dense layers from flat pictures to linear outputs (as in Young and Tian 2019).

    Args:
        shape: (height, width, channels) of a picture; the network takes it flat, float32 (B, h * w * c).
        filters: Of each convolution, stride 1, without padding.
        hidden_sizes: Units of each dense layer after them.
        outputs: Number of outputs.
        seed: Of the initial weights; layer i draws with seed + i.

    Raises:
        UsageError: When a side is so short that a convolution would leave nothing of it.
    """
    needed = 1 + 2 * len(filters)
    if min(shape[:2]) < needed:
        raise UsageError(
            f"convnet: filters received {tuple(filters)} for a picture of {shape[0]} x {shape[1]}; {len(filters)} "
            f"convolutions of 3 x 3 need {needed} x {needed}. Fix: fewer filters, such as filters=()."
        )
    size = shape[0] * shape[1] * shape[2]
    layers: list[keras.Layer] = [keras.Input((size,)), keras.layers.Reshape(shape)]
    for i, number in enumerate(filters):
        start = keras.initializers.HeUniform(seed=seed + i)
        layers.append(keras.layers.Conv2D(number, 3, activation="relu", kernel_initializer=start))
    layers.append(keras.layers.Flatten())
    for i, units in enumerate(hidden_sizes, len(filters)):
        start = keras.initializers.HeUniform(seed=seed + i)
        layers.append(keras.layers.Dense(units, "relu", kernel_initializer=start))
    start = keras.initializers.GlorotUniform(seed=seed + len(filters) + len(hidden_sizes))
    layers.append(keras.layers.Dense(outputs, kernel_initializer=start))
    return keras.Sequential(layers)
