"""Residual networks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from lab.networks.builder import Builder
from lab.networks.vision.pictures import picture, stages


def resnet(
    shape: tuple[int, ...],
    outputs: int,
    *,
    blocks: Sequence[tuple[int, int]] = ((16, 2), (32, 2), (64, 2)),
    stem: int = 1,
    dropout: float = 0.0,
    activation: str = "relu",
    seed: int = 0,
    dtype: str = "float32",
) -> keras.Model:
    """Build a residual network for small pictures (He et al. 2016, sections 3.3 and 4.2, with projections, option B).

    A 3 x 3 convolution, then stages of residual blocks, of which each but the first halves the sides, then the mean
    over all places. Batch normalisation follows each convolution and keeps nine tenths of its averages an update.

    Args:
        blocks: (filters, residual blocks) of each stage.
        stem: Stride of the first convolution; 2 for large pictures.
        dropout: Fraction of features left out before the last layer in training.
        shape, outputs, activation, seed, dtype: As for `cnn`.

    Returns:
        A model as `cnn` returns.

    Raises:
        UsageError: Where an argument is none of these.
    """
    build = Builder("resnet", activation, dropout, seed, dtype)
    inputs, x = picture(build, shape)
    pairs = stages(build, "blocks", blocks)
    stride = build.whole("stem", stem)
    x = build.normalised(build.convolve(x, pairs[0][0], strides=stride, active=False, use_bias=False))
    x = build.activated(x)
    for stage, (filters, number) in enumerate(pairs):
        for i in range(number):
            x = residual(build, x, filters, 2 if stage and not i else 1)
    x = keras.layers.GlobalAveragePooling2D(dtype=dtype)(x)
    return keras.Model(inputs, build.head(build.drop(x), outputs), name="resnet")


def residual(build: Builder, x: Any, filters: int, stride: int) -> Any:
    """Add two convolutions to what came in (He et al. 2016, equation 1), or to its projection (equation 2).

    The projection, a 1 x 1 convolution, stands only where strides or filters change the shape.
    """
    shortcut = x
    if stride != 1 or x.shape[-1] != filters:
        shortcut = build.normalised(build.convolve(x, filters, 1, strides=stride, active=False, use_bias=False))
    h = build.normalised(build.convolve(x, filters, strides=stride, active=False, use_bias=False))
    h = build.convolve(build.activated(h), filters, active=False, use_bias=False)
    return build.activated(keras.layers.Add(dtype=build.dtype)([shortcut, build.normalised(h)]))
