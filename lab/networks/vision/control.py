"""The published networks of agents that play from pictures."""

from __future__ import annotations

from typing import Any

import keras

from lab.errors import bad_value
from lab.networks.builder import Builder
from lab.networks.vision.pictures import picture


def nature_cnn(
    shape: tuple[int, ...], outputs: int, *, width: int = 1, seed: int = 0, flat: bool = False
) -> keras.Model:
    """Build DQN's network for Atari games (Mnih et al. 2015, "Methods: model architecture").

    Convolutions of 32 8x8 filters with stride 4, 64 4x4 with stride 2 and 64 3x3, without padding, and 512 units.

    Args:
        shape: (H, W) or (H, W, C) of a picture, sides of 36 or more; published for (84, 84, 4).
        outputs: Numbers of the last, linear layer, called "head".
        width: In multiples of the published filters.
        seed: Of the initial weights.
        flat: Whether pictures come as rows (B, H * W * C).

    Returns:
        A model of pictures float32 (B, *shape), or of such rows; float32 (B, outputs).

    Raises:
        UsageError: Where an argument is none of these.
    """
    return _valid("nature_cnn", shape, outputs, ((32, 8, 4), (64, 4, 2), (64, 3, 1)), 512, width, seed, flat)


def minatar_cnn(
    shape: tuple[int, ...], outputs: int, *, width: int = 1, seed: int = 0, flat: bool = False
) -> keras.Model:
    """Build the network for MinAtar's games (Young and Tian 2019, section 3): 16 3x3 filters and 128 units.

    Args:
        shape: (H, W) or (H, W, C), sides of 3 or more; published for (10, 10, C).
        outputs, width, seed, flat: As for `nature_cnn`.

    Returns:
        A model as `nature_cnn` returns.

    Raises:
        UsageError: Where an argument is none of these.
    """
    return _valid("minatar_cnn", shape, outputs, ((16, 3, 1),), 128, width, seed, flat)


def impala_resnet(
    shape: tuple[int, ...], outputs: int, *, width: int = 1, seed: int = 0, flat: bool = False
) -> keras.Model:
    """Build IMPALA's large network without its LSTM (Espeholt et al. 2018, figure 3, right).

    Three sections of 16, 32 and 32 filters: a 3x3 convolution, the greatest of each 3x3 square with stride 2, and two
    residual blocks with the activation before each convolution. Then 256 units. There is no normalisation.

    Args:
        shape: (H, W) or (H, W, C) of a picture.
        outputs, seed, flat: As for `nature_cnn`.
        width: In multiples of the published filters, as Cobbe et al. (2020, "Procgen", section 3.2) scale it.

    Returns:
        A model as `nature_cnn` returns.

    Raises:
        UsageError: Where an argument is none of these.
    """
    build = Builder("impala_resnet", "relu", 0.0, seed, "float32")
    inputs, x = picture(build, shape, flat)
    for filters in (16, 32, 32):
        x = build.convolve(x, filters * build.whole("width", width), active=False)
        x = keras.layers.MaxPooling2D(3, strides=2, padding="same")(x)
        for _ in range(2):
            x = _preactivated(build, x)
    x = keras.layers.Flatten()(build.activated(x))
    return keras.Model(inputs, build.head(build.dense(x, 256), outputs), name="impala_resnet")


def _preactivated(build: Builder, x: Any) -> Any:
    h = build.convolve(build.activated(x), x.shape[-1], active=False)
    h = build.convolve(build.activated(h), x.shape[-1], active=False)
    return keras.layers.Add()([x, h])


def _valid(
    owner: str,
    shape: tuple[int, ...],
    outputs: int,
    layers: tuple[tuple[int, int, int], ...],
    units: int,
    width: int,
    seed: int,
    flat: bool,
) -> keras.Model:
    """Build convolutions, (filters, side, stride) each and none of them padded, and a hidden layer."""
    build = Builder(owner, "relu", 0.0, seed, "float32")
    inputs, x = picture(build, shape, flat)
    needed = 1
    for _, side, stride in reversed(layers):
        needed = (needed - 1) * stride + side
    if min(shape[:2]) < needed:
        fix = f"pictures of {needed} x {needed} or more, or architecture='auto'."
        raise bad_value(owner, "shape", tuple(shape), f"sides of {needed} or more", fix)
    for filters, side, stride in layers:
        x = build.convolve(x, filters * build.whole("width", width), side, strides=stride, padding="valid")
    x = build.dense(keras.layers.Flatten()(x), units)
    return keras.Model(inputs, build.head(x, outputs), name=owner)
