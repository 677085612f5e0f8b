"""What the networks for prediction are made of: layers with seeds, initial weights by activation, and one head."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from lab.errors import bad_value
from lab.networks.initializers import Seeds, initializer_for
from lab.networks.layers.dropout import Dropout
from lab.networks.transformer import EncoderBlock, LayerNorm

HEAD = "head"
# As in He et al. (2015) and the networks after it: with Keras' 0.99 the averages of a short training are still those
# that it began with.
MOMENTUM, EPSILON = 0.9, 1e-5


class Builder:
    """Makes layers of one network.

    Args:
        owner: The function that builds it, for its errors.
        activation: Of hidden layers.
        dropout: Fraction of values that are left out in training, from 0 to below 1.
        seed: From which every layer gets one of its own.
        dtype: Keras' type policy: float32 or mixed_bfloat16. Heads are float32.
    """

    def __init__(self, owner: str, activation: str, dropout: float, seed: int, dtype: str) -> None:
        if not isinstance(dropout, int | float) or not 0 <= dropout < 1:
            raise bad_value(owner, "dropout", dropout, "a number from 0 to below 1", "dropout=0.1.")
        initializer_for(activation, 0)
        self.owner, self.activation, self.rate, self.dtype = owner, activation, dropout, dtype
        self.seed = Seeds(seed)

    def whole(self, name: str, value: Any, least: int = 1) -> int:
        """Return a whole number, or raise `UsageError` where it is none or too small."""
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise bad_value(self.owner, name, value, f"a whole number >= {least}")
        return int(value)

    def wholes(self, name: str, values: Any) -> list[int]:
        """Return whole numbers > 0, or raise `UsageError`."""
        if isinstance(values, str) or not isinstance(values, Sequence):
            raise bad_value(self.owner, name, values, "a sequence of whole numbers", f"{name}=(32, 64).")
        return [self.whole(f"{name}[{i}]", value) for i, value in enumerate(values)]

    def choice(self, name: str, value: Any, known: Sequence[str]) -> str:
        """Return one of the known words, or raise `UsageError`."""
        if value not in known:
            raise bad_value(self.owner, name, value, "one of " + ", ".join(known), f"{name}={known[0]!r}.")
        return str(value)

    def linear(self, x: Any, units: int) -> Any:
        """Return (..., units) of (..., C), without an activation after it."""
        start = initializer_for(None, self.seed())
        return keras.layers.Dense(units, kernel_initializer=start, dtype=self.dtype)(x)

    def dense(self, x: Any, units: int, *, active: bool = True, **options: Any) -> Any:
        """Return (..., units) of (..., C), activated where `active`; elsewhere an activation comes later."""
        start = initializer_for(self.activation, self.seed())
        by = self.activation if active else None
        return keras.layers.Dense(units, by, kernel_initializer=start, dtype=self.dtype, **options)(x)

    def hidden(self, x: Any, units: Sequence[int]) -> Any:
        """Return (B, ..., last of units) after dense layers, each with dropout."""
        for number in units:
            x = self.drop(self.dense(x, number))
        return x

    def convolve(self, x: Any, filters: int, kernel: int = 3, *, active: bool = True, **options: Any) -> Any:
        """Convolve (B, ..., C) over its one or two sides, and activate it where `active`; see `dense`."""
        layer = keras.layers.Conv1D if len(x.shape) == 3 else keras.layers.Conv2D
        start = initializer_for(self.activation, self.seed())
        by = self.activation if active else None
        options = {"padding": "same", **options}
        return layer(filters, kernel, activation=by, kernel_initializer=start, dtype=self.dtype, **options)(x)

    def normalised(self, x: Any) -> Any:
        return keras.layers.BatchNormalization(momentum=MOMENTUM, epsilon=EPSILON, dtype=self.dtype)(x)

    def activated(self, x: Any) -> Any:
        return keras.layers.Activation(self.activation, dtype=self.dtype)(x)

    def drop(self, x: Any) -> Any:
        return Dropout(self.rate, self.seed(), dtype=self.dtype)(x) if self.rate else x

    def encoder(
        self, x: Any, depth: int, heads: int, present: Any = None, rotary: bool = False, name: str | None = None
    ) -> Any:
        """Return tokens (B, N, C) after blocks of attention and a last normalisation, a layer of that name."""
        self.whole("depth", depth)
        self.check_heads(x.shape[-1], heads)
        more = {} if present is None else {"present": present}
        for _ in range(depth):
            options: dict[str, Any] = {"activation": self.activation, "dropout": self.rate, "rotary": rotary}
            x = EncoderBlock(heads, self.seed(), dtype=self.dtype, **options)(x, **more)
        return LayerNorm(dtype=self.dtype, name=name)(x)

    def check_heads(self, width: int, heads: int) -> None:
        """Raise `UsageError` where heads do not divide the width."""
        self.whole("width", width)
        if width % self.whole("heads", heads):
            fitting = math.gcd(width, heads)
            raise bad_value(
                self.owner, "heads", heads, f"a divisor of the width, {width}", f"heads={fitting}, or another width."
            )

    def head(self, x: Any, outputs: int, name: str = HEAD, *, zero: bool = False) -> Any:
        """Return the last layer's linear outputs, float32 (..., outputs), which are 0 at first where `zero`."""
        start = keras.initializers.Zeros() if zero else initializer_for(None, self.seed())
        count = self.whole("outputs", outputs)
        return keras.layers.Dense(count, kernel_initializer=start, dtype="float32", name=name)(x)
