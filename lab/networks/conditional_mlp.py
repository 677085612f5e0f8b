"""A residual perceptron for points with a number, and perhaps a label, that tells it what to do."""

from __future__ import annotations

import math
from collections.abc import Sequence

import keras

from lab.networks.layers.embeddings import condition_embedding


def conditional_mlp(
    shape: tuple[int, ...],
    hidden_sizes: Sequence[int],
    *,
    classes: int = 0,
    dropout: float = 0.0,
    seed: int = 0,
    dtype: str = "float32",
) -> keras.Model:
    """Build a perceptron from rows to rows whose hidden layers are scaled and shifted by an embedding (FiLM).

    Layers of equal size are residual. The last layer starts at 0.

    Args:
        shape: Of a row; it is flattened.
        hidden_sizes: Units of each hidden layer.
        classes, dropout, seed, dtype: As for `unet`.

    Returns:
        A model as `unet` returns.
    """
    rows = keras.Input(shape)
    numbers = keras.Input((), dtype="float32")
    labels = keras.Input((), dtype="int32") if classes else None
    units = 2 * ((min(hidden_sizes) + 1) // 2)
    condition = condition_embedding(numbers, labels, classes, units, seed, dtype)
    size = math.prod(shape)
    x = keras.layers.Reshape((size,), dtype=dtype)(rows)
    for i, width in enumerate(hidden_sizes):
        start = keras.initializers.HeUniform(seed=seed + 10 + i)
        h = keras.layers.Dense(width, kernel_initializer=start, dtype=dtype)(x)
        scale = keras.layers.Dense(width, kernel_initializer="zeros", bias_initializer="ones", dtype=dtype)(condition)
        start = keras.initializers.GlorotUniform(seed=seed + 1_000 + i)
        shift = keras.layers.Dense(width, kernel_initializer=start, dtype=dtype)(condition)
        h = keras.layers.Multiply(dtype=dtype)([h, scale])
        h = keras.layers.Activation("silu", dtype=dtype)(keras.layers.Add(dtype=dtype)([h, shift]))
        if dropout:
            h = keras.layers.Dropout(dropout, seed=seed + 2_000 + i, dtype=dtype)(h)
        x = keras.layers.Add(dtype=dtype)([x, h]) if x.shape[-1] == width else h
    x = keras.layers.Dense(size, kernel_initializer="zeros", dtype=dtype)(x)
    x = keras.layers.Reshape(shape, dtype="float32")(x)
    return keras.Model([rows, numbers] + ([] if labels is None else [labels]), x)
