"""What networks for pictures begin with."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np

from lab.errors import bad_value
from lab.networks.builder import Builder


def picture(build: Builder, shape: tuple[int, ...], flat: bool = False) -> tuple[Any, Any]:
    """Return the input, float32 (B, *shape) or where `flat` (B, H * W * C), and it as (B, H, W, C).

    Raises:
        UsageError: Where the shape is neither (H, W) nor (H, W, C).
    """
    whole = all(isinstance(n, int | np.integer) and not isinstance(n, bool) and n > 0 for n in shape)
    if len(shape) not in (2, 3) or not whole:
        raise bad_value(build.owner, "shape", shape, "(H, W) or (H, W, C), each > 0", "shape=(28, 28, 1).")
    if flat:
        inputs = keras.Input((math.prod(shape),), name="picture")
        return inputs, keras.layers.Reshape(shape if len(shape) == 3 else (*shape, 1), dtype=build.dtype)(inputs)
    inputs = keras.Input(tuple(shape), name="picture")
    x = inputs if len(shape) == 3 else keras.layers.Reshape((*shape, 1), dtype=build.dtype)(inputs)
    return inputs, x


def halved(build: Builder, x: Any) -> Any:
    """Keep the greatest value of each 2 x 2 square (B, H, W, C), along sides that have two pixels or more."""
    sides = tuple(min(2, side) for side in x.shape[1:3])
    return x if sides == (1, 1) else keras.layers.MaxPooling2D(sides, dtype=build.dtype)(x)


def stages(build: Builder, name: str, blocks: Any) -> list[tuple[int, int]]:
    """Return pairs (filters, how many), or raise `UsageError`."""
    try:
        pairs = [(filters, number) for filters, number in blocks]
    except (TypeError, ValueError):
        pairs = []
    if not pairs:
        raise bad_value(
            build.owner, name, blocks, "pairs (filters, layers), at least one", f"{name}=((32, 2), (64, 2))."
        )
    return [(build.whole(f"{name}: filters", f), build.whole(f"{name}: layers", n)) for f, n in pairs]
