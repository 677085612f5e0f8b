"""Plain convolutional classifiers, and deep ones of small filters."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from lab.networks.builder import Builder
from lab.networks.vision.pictures import halved, picture, stages


def cnn(
    shape: tuple[int, ...],
    outputs: int,
    *,
    filters: Sequence[int] = (32, 64),
    hidden: int = 128,
    dropout: float = 0.3,
    activation: str = "relu",
    seed: int = 0,
    dtype: str = "float32",
) -> keras.Model:
    """Build 3 x 3 convolutions, each with pooling after it, and one hidden layer (LeCun et al. 1998).

    Args:
        shape: (H, W) or (H, W, C) of a picture.
        outputs: Classes, or numbers to predict.
        filters: Of each convolution; after each the sides are halved.
        hidden: Units of the layer before the last.
        dropout: Fraction of values left out before and after the hidden layer in training.
        activation: Of hidden layers; initial weights follow it, see `initializer_for`.
        seed: Of initial weights and dropout.
        dtype: Keras' type policy: float32 or mixed_bfloat16.

    Returns:
        A model of pictures float32 (B, *shape) in [-1, 1]; logits float32 (B, outputs).

    Raises:
        UsageError: Where an argument is none of these.
    """
    build = Builder("cnn", activation, dropout, seed, dtype)
    inputs, x = picture(build, shape)
    for number in build.wholes("filters", filters):
        x = halved(build, build.convolve(x, number))
    x = build.drop(keras.layers.Flatten(dtype=dtype)(x))
    x = build.hidden(x, [build.whole("hidden", hidden)])
    return keras.Model(inputs, build.head(x, outputs), name="cnn")


def vgg(
    shape: tuple[int, ...],
    outputs: int,
    *,
    blocks: Sequence[tuple[int, int]] = ((32, 2), (64, 2)),
    hidden: Sequence[int] = (128,),
    batch_norm: bool = False,
    dropout: float = 0.3,
    activation: str = "relu",
    seed: int = 0,
    dtype: str = "float32",
) -> keras.Model:
    """Build blocks of 3 x 3 convolutions with pooling after each block (Simonyan and Zisserman 2015, "VGG").

    Args:
        blocks: (filters, convolutions) of each; after each the sides are halved.
        hidden: Units of the dense layers before the last.
        batch_norm: Whether convolutions are normalised over the batch (Ioffe and Szegedy 2015) before the activation.
        shape, outputs, dropout, activation, seed, dtype: As for `cnn`.

    Returns:
        A model as `cnn` returns.

    Raises:
        UsageError: Where an argument is none of these.
    """
    build = Builder("vgg", activation, dropout, seed, dtype)
    inputs, x = picture(build, shape)
    for number, layers in stages(build, "blocks", blocks):
        for _ in range(layers):
            if batch_norm:
                x = build.activated(build.normalised(build.convolve(x, number, active=False, use_bias=False)))
            else:
                x = build.convolve(x, number)
        x = halved(build, x)
    x = build.drop(keras.layers.Flatten(dtype=dtype)(x))
    x = build.hidden(x, build.wholes("hidden", hidden))
    return keras.Model(inputs, build.head(x, outputs), name="vgg")
