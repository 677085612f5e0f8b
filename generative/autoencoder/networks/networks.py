"""Encoders and decoders: perceptrons for any rows, convolutions for images.

With a `condition` they take two inputs, rows or latents and one-hot labels, float32 (B, condition).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras

from lab.networks import mlp


def dense_encoder(
    shape: tuple[int, ...],
    hidden_sizes: Sequence[int],
    outputs: int,
    seed: int,
    activation: str = "linear",
    condition: int = 0,
    dtype: str = "float32",
) -> keras.Model:
    """Build a perceptron from rows (B, ...) to (B, outputs).

    Args:
        shape: Of a row.
        hidden_sizes: Units of each hidden layer.
        outputs: Numbers in a latent, or in what describes one.
        seed: Of the initial weights; layer i draws with seed + i.
        activation: Of the outputs.
        condition: Classes of the labels, or 0 without labels.
        dtype: Keras' type policy of all layers but the last, which is float32: float32 or mixed_bfloat16.
    """
    rows, labels = keras.Input(shape), _labels(condition)
    x = _joined(keras.layers.Flatten()(rows), labels)
    values = mlp(math.prod(shape) + condition, hidden_sizes, outputs, seed, dtype=dtype)(x)
    return _model(rows, labels, keras.layers.Activation(activation)(values))


def dense_decoder(
    shape: tuple[int, ...],
    hidden_sizes: Sequence[int],
    latent_size: int,
    seed: int,
    activation: str = "linear",
    condition: int = 0,
    dtype: str = "float32",
) -> keras.Model:
    """Build the mirror image of `dense_encoder`; `hidden_sizes` are the encoder's, `activation` is the output's."""
    latents, labels = keras.Input((latent_size,)), _labels(condition)
    network = mlp(latent_size + condition, hidden_sizes[::-1], math.prod(shape), seed, dtype=dtype)
    values = network(_joined(latents, labels))
    return _model(latents, labels, _output(values, shape, activation))


def conv_encoder(
    shape: tuple[int, ...],
    filters: Sequence[int],
    outputs: int,
    seed: int,
    activation: str = "linear",
    condition: int = 0,
    dtype: str = "float32",
) -> keras.Model:
    """Build strided 3 x 3 convolutions from images (B, H, W[, C]) to (B, outputs); see `dense_encoder`.

    Args:
        shape: (H, W) or (H, W, C).
        filters: Of each layer; each halves the sides, odd ones rounded up.
        outputs: Numbers in a latent, or in what describes one.
        seed: Of the initial weights; layer i draws with seed + i.
        activation: Of the outputs.
        condition: Classes of the labels; they become one further channel, learnt for each class.
        dtype: As for `dense_encoder`.
    """
    images, labels = keras.Input(shape), _labels(condition)
    x = images if len(shape) == 3 else keras.layers.Reshape((*shape, 1))(images)
    if labels is not None:
        plane = keras.layers.Dense(math.prod(shape[:2]), kernel_initializer=_glorot(seed + len(filters) + 1))(labels)
        x = keras.layers.Concatenate()([x, keras.layers.Reshape((*shape[:2], 1))(plane)])
    x = keras.layers.Flatten()(downsampled(x, filters, seed, dtype))
    values = keras.layers.Dense(outputs, activation, kernel_initializer=_glorot(seed + len(filters)))(x)
    return _model(images, labels, values)


def conv_decoder(
    shape: tuple[int, ...],
    filters: Sequence[int],
    latent_size: int,
    seed: int,
    activation: str = "linear",
    condition: int = 0,
    dtype: str = "float32",
    upsampling: str = "transpose",
) -> keras.Model:
    """Build the mirror image of `conv_encoder`: each layer doubles the sides, and cuts what is over."""
    latents, labels = keras.Input((latent_size,)), _labels(condition)
    smallest = (*grid_sides(shape, filters), filters[-1])
    start = keras.initializers.HeUniform(seed=seed)
    x = keras.layers.Dense(math.prod(smallest), "relu", kernel_initializer=start, dtype=dtype)(_joined(latents, labels))
    x = keras.layers.Reshape(smallest, dtype=dtype)(x)
    x = upsampled(x, shape, filters, seed + 1, dtype, upsampling)
    return _model(latents, labels, _output(x, shape, activation))


def grid_sides(shape: tuple[int, ...], filters: Sequence[int]) -> tuple[int, int]:
    """Return the height and width that are left of an image after halving its sides once a layer."""
    return _sides(shape, filters)[-1]


def downsampled(x: keras.KerasTensor, filters: Sequence[int], seed: int, dtype: str) -> keras.KerasTensor:
    """Apply a strided 3 x 3 convolution for each number of filters; layer i draws with seed + i."""
    for i, channels in enumerate(filters):
        start = keras.initializers.HeUniform(seed=seed + i)
        x = keras.layers.Conv2D(channels, 3, 2, "same", activation="relu", kernel_initializer=start, dtype=dtype)(x)
    return x


def upsampled(
    x: keras.KerasTensor, shape: tuple[int, ...], filters: Sequence[int], seed: int, dtype: str, upsampling: str
) -> keras.KerasTensor:
    """Undo `downsampled`, then mix channels into those of the image.

    Args:
        x: (B, h, w, C) with the sides of `grid_sides`.
        shape: (H, W) or (H, W, C) of the image.
        filters: Of `downsampled`.
        seed: Of the initial weights; layer i draws with seed + i.
        dtype: As for `dense_encoder`.
        upsampling: "transpose" for transpose convolutions; "nearest" for repeated pixels and a convolution, which
            leaves no checkerboard (Odena et al. 2016, "Deconvolution and Checkerboard Artifacts").

    Returns:
        (B, H, W, C), linear.
    """
    channels = [*filters[-2::-1], filters[0]]
    for i, (number, (height, width)) in enumerate(zip(channels, _sides(shape, filters)[-2::-1], strict=True)):
        options: dict[str, Any] = {
            "activation": "relu", "kernel_initializer": keras.initializers.HeUniform(seed=seed + i), "dtype": dtype,
        }  # fmt: skip
        if upsampling == "nearest":
            x = keras.layers.UpSampling2D(2, dtype=dtype)(x)
            x = keras.layers.Conv2D(number, 3, padding="same", **options)(x)
        else:
            x = keras.layers.Conv2DTranspose(number, 3, 2, "same", **options)(x)
        over = (x.shape[1] - height, x.shape[2] - width)
        if any(over):
            x = keras.layers.Cropping2D(((0, over[0]), (0, over[1])), dtype=dtype)(x)
    depth = shape[2] if len(shape) == 3 else 1
    return keras.layers.Conv2D(depth, 3, padding="same", kernel_initializer=_glorot(seed + len(filters)))(x)


def _sides(shape: tuple[int, ...], filters: Sequence[int]) -> list[tuple[int, int]]:
    sides = [(shape[0], shape[1])]
    for _ in filters:
        sides.append(((sides[-1][0] + 1) // 2, (sides[-1][1] + 1) // 2))
    return sides


def _labels(condition: int) -> keras.KerasTensor | None:
    return keras.Input((condition,)) if condition else None


def _joined(x: keras.KerasTensor, labels: keras.KerasTensor | None) -> keras.KerasTensor:
    return x if labels is None else keras.layers.Concatenate()([x, labels])


def _model(first: keras.KerasTensor, labels: keras.KerasTensor | None, outputs: keras.KerasTensor) -> keras.Model:
    return keras.Model(first if labels is None else [first, labels], outputs)


def _glorot(seed: int) -> keras.initializers.Initializer:
    return keras.initializers.GlorotUniform(seed=seed)


def _output(values: keras.KerasTensor, shape: tuple[int, ...], activation: str) -> keras.KerasTensor:
    return keras.layers.Activation(activation)(keras.layers.Reshape(shape)(values))


def grid_encoder(
    shape: tuple[int, ...], filters: Sequence[int], size: int, seed: int, dtype: str = "float32"
) -> keras.Model:
    """Build `conv_encoder`'s convolutions, and a vector for each place that they leave: (B, h, w, size).

    Args:
        shape: (H, W) or (H, W, C).
        filters: Of each layer that halves the image.
        size: Numbers in a vector.
        seed: Of the initial weights; layer i draws with seed + i.
        dtype: As for `dense_encoder`.
    """
    images, count = keras.Input(shape), len(filters)
    x = images if len(shape) == 3 else keras.layers.Reshape((*shape, 1))(images)
    x = downsampled(x, filters, seed, dtype)
    start = keras.initializers.HeUniform(seed=seed + count)
    conv = keras.layers.Conv2D(filters[-1], 3, padding="same", activation="relu", kernel_initializer=start, dtype=dtype)
    x = conv(x)
    return keras.Model(images, keras.layers.Conv2D(size, 1, kernel_initializer=_glorot(seed + count + 1))(x))


def grid_decoder(
    shape: tuple[int, ...], filters: Sequence[int], size: int, seed: int, activation: str, dtype: str = "float32",
    upsampling: str = "transpose",
) -> keras.Model:  # fmt: skip
    """Build the mirror image of `grid_encoder`; see `conv_decoder`."""
    vectors = keras.Input((*grid_sides(shape, filters), size))
    start = keras.initializers.HeUniform(seed=seed)
    conv = keras.layers.Conv2D(filters[-1], 3, padding="same", activation="relu", kernel_initializer=start, dtype=dtype)
    x = upsampled(conv(vectors), shape, filters, seed + 1, dtype, upsampling)
    return keras.Model(vectors, _output(x, shape, activation))
