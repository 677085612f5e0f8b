"""Encoders and decoders: perceptrons for any rows, convolutions for images."""

from __future__ import annotations

import math
from collections.abc import Sequence

import keras

from lab.networks import mlp


def dense_encoder(shape: tuple[int, ...], hidden_sizes: Sequence[int], latent_size: int, seed: int) -> keras.Model:
    """Build a perceptron from rows (B, ...) to latents (B, latent_size)."""
    rows = keras.Input(shape)
    return keras.Model(rows, mlp(math.prod(shape), hidden_sizes, latent_size, seed)(keras.layers.Flatten()(rows)))


def dense_decoder(
    shape: tuple[int, ...], hidden_sizes: Sequence[int], latent_size: int, seed: int, activation: str = "linear"
) -> keras.Model:
    """Build the mirror image of `dense_encoder`; `hidden_sizes` are the encoder's, `activation` is the output's."""
    latents = keras.Input((latent_size,))
    values = mlp(latent_size, hidden_sizes[::-1], math.prod(shape), seed)(latents)
    return keras.Model(latents, _output(values, shape, activation))


def conv_encoder(shape: tuple[int, ...], filters: Sequence[int], latent_size: int, seed: int) -> keras.Model:
    """Build strided 3 x 3 convolutions from images (B, H, W[, C]) to latents (B, latent_size).

    Args:
        shape: (H, W) or (H, W, C).
        filters: Of each layer; each halves the sides, odd ones rounded up.
        latent_size: Numbers in a latent.
        seed: Of the initial weights; layer i draws with seed + i.
    """
    images = keras.Input(shape)
    x = images if len(shape) == 3 else keras.layers.Reshape((*shape, 1))(images)
    for i, channels in enumerate(filters):
        start = keras.initializers.HeUniform(seed=seed + i)
        x = keras.layers.Conv2D(channels, 3, 2, "same", activation="relu", kernel_initializer=start)(x)
    start = keras.initializers.GlorotUniform(seed=seed + len(filters))
    return keras.Model(images, keras.layers.Dense(latent_size, kernel_initializer=start)(keras.layers.Flatten()(x)))


def conv_decoder(
    shape: tuple[int, ...], filters: Sequence[int], latent_size: int, seed: int, activation: str = "linear"
) -> keras.Model:
    """Build the mirror image of `conv_encoder`: each layer doubles the sides, and cuts what is over."""
    sides = [shape[:2]]
    for _ in filters:
        sides.append(((sides[-1][0] + 1) // 2, (sides[-1][1] + 1) // 2))
    latents = keras.Input((latent_size,))
    smallest = (*sides[-1], filters[-1])
    start = keras.initializers.HeUniform(seed=seed)
    x = keras.layers.Dense(math.prod(smallest), "relu", kernel_initializer=start)(latents)
    x = keras.layers.Reshape(smallest)(x)
    channels = [*filters[-2::-1], filters[0]]
    for i, (number, (height, width)) in enumerate(zip(channels, sides[-2::-1], strict=True)):
        start = keras.initializers.HeUniform(seed=seed + 1 + i)
        x = keras.layers.Conv2DTranspose(number, 3, 2, "same", activation="relu", kernel_initializer=start)(x)
        over = (x.shape[1] - height, x.shape[2] - width)
        if any(over):
            x = keras.layers.Cropping2D(((0, over[0]), (0, over[1])))(x)
    start = keras.initializers.GlorotUniform(seed=seed + 1 + len(filters))
    depth = shape[2] if len(shape) == 3 else 1
    x = keras.layers.Conv2D(depth, 3, padding="same", kernel_initializer=start)(x)
    return keras.Model(latents, _output(x, shape, activation))


def _output(values: keras.KerasTensor, shape: tuple[int, ...], activation: str) -> keras.KerasTensor:
    return keras.layers.Activation(activation)(keras.layers.Reshape(shape)(values))
