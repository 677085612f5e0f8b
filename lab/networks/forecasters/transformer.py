"""A forecaster that attends over the known steps."""

from __future__ import annotations

import keras
import numpy as np

from lab.errors import bad_value
from lab.networks.builder import Builder
from lab.networks.forecasters.ahead import Size, begun, ended
from lab.networks.layers.positions import SinusoidalPositions


def transformer_forecaster(
    context: int,
    horizon: int,
    channels: int = 1,
    *,
    targets: int = 1,
    quantiles: int = 1,
    future: int = 0,
    relative: bool = True,
    patch: int = 1,
    width: int = 64,
    depth: int = 2,
    heads: int = 4,
    pooling: str = "flat",
    hidden: int = 64,
    dropout: float = 0.1,
    activation: str = "gelu",
    seed: int = 0,
    dtype: str = "float32",
) -> keras.Model:
    """Build a transformer encoder over known steps, or over patches of them (Nie et al. 2023, "PatchTST").

    A token holds all channels, where theirs holds one.

    Args:
        patch: Steps in a token; a divisor of the context.
        width: Numbers in a token; even.
        depth: Blocks of attention and perceptron.
        heads: Of each attention; a divisor of the width.
        pooling: "flat" reads the steps ahead from all tokens, "last" from the latest, "mean" from their mean.
        hidden: Units of the layer that joins the state to what is known of a step ahead.
        dropout: Of tokens, attention and each branch, in training.
        activation: Of hidden layers; initial weights follow it, see `initializer_for`.
        seed: Of initial weights and dropout.
        context, horizon, channels, targets, quantiles, future, relative, dtype: As for `linear_forecaster`.

    Returns:
        A model as `linear_forecaster` returns.

    Raises:
        UsageError: Where an argument is none of these.
    """
    build = Builder("transformer_forecaster", activation, dropout, seed, dtype)
    size = Size(context, horizon, channels, targets, quantiles, future)
    series = begun(build, size, relative)
    build.choice("pooling", pooling, ("flat", "last", "mean"))
    build.check_heads(width, heads)
    if width % 2:
        raise bad_value(build.owner, "width", width, "an even number, for sines and cosines", f"width={width + 1}.")
    if context % build.whole("patch", patch):
        raise bad_value(build.owner, "patch", patch, f"a divisor of the context, {context}", "patch=1.")
    x = keras.layers.Reshape((context // patch, patch * channels), dtype=dtype)(series.past)
    x = build.linear(x, width) + SinusoidalPositions(width, dtype=dtype)(np.arange(context // patch))
    x = build.encoder(build.drop(x), depth, heads)
    if pooling == "last":
        x = x[:, -1]
    else:
        layer = keras.layers.Flatten if pooling == "flat" else keras.layers.GlobalAveragePooling1D
        x = layer(dtype=dtype)(x)
    return ended(build, size, series, x, build.whole("hidden", hidden))
