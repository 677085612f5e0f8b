"""Embeddings of what a network is given beside its rows: a number such as the noise level, and a label."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np


def sinusoidal_embedding(
    numbers: keras.KerasTensor, size: int, fastest: float = 32.0, slowest: float = 0.5
) -> keras.KerasTensor:
    """Turn one number a row into sines and cosines of it (Vaswani et al. 2017, section 3.5).

    Args:
        numbers: float32 (B,), of order 1.
        size: Numbers in an embedding; even.
        fastest, slowest: The greatest and the least angular frequency, in radians a unit.

    Returns:
        float32 (B, size) of mean square 1: bfloat16 knows an angle to two digits only.
    """
    exponents = np.arange(size // 2) / max(1, size // 2 - 1)
    frequencies = (fastest * (slowest / fastest) ** exponents).astype(np.float32)
    angles = keras.ops.expand_dims(numbers, 1) * frequencies
    waves = keras.ops.concatenate([keras.ops.sin(angles), keras.ops.cos(angles)], axis=-1)
    return waves * math.sqrt(2.0)


def condition_embedding(
    numbers: keras.KerasTensor, labels: keras.KerasTensor | None, classes: int, units: int, seed: int, dtype: Any
) -> keras.KerasTensor:
    """Embed a number and perhaps a label of each row in one vector.

    Args:
        numbers: float32 (B,), of order 1.
        labels: int32 (B,) from 0 to `classes` inclusive, the last meaning none; or None.
        classes: How many labels there are.
        units: Numbers in an embedding; even.
        seed: Of the initial weights.
        dtype: Keras' type policy.

    Returns:
        (B, units).
    """
    x = sinusoidal_embedding(numbers, units)
    start = keras.initializers.HeNormal(seed=seed)
    x = keras.layers.Dense(units, "silu", kernel_initializer=start, dtype=dtype)(x)
    if labels is not None:
        start = keras.initializers.RandomNormal(stddev=1.0, seed=seed + 1)
        named = keras.layers.Embedding(classes + 1, units, embeddings_initializer=start, dtype=dtype)(labels)
        x = keras.layers.Add(dtype=dtype)([x, named])
    start = keras.initializers.HeNormal(seed=seed + 2)
    return keras.layers.Dense(units, "silu", kernel_initializer=start, dtype=dtype)(x)
