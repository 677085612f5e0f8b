"""A forecaster of dilated causal convolutions."""

from __future__ import annotations

from typing import Any

import keras

from lab.errors import bad_value
from lab.networks.builder import Builder
from lab.networks.forecasters.ahead import Size, begun, ended
from lab.networks.transformer import LayerNorm


def conv1d_forecaster(
    context: int,
    horizon: int,
    channels: int = 1,
    *,
    targets: int = 1,
    quantiles: int = 1,
    future: int = 0,
    relative: bool = True,
    filters: int = 32,
    kernel: int = 3,
    depth: int | None = None,
    hidden: int = 64,
    dropout: float = 0.0,
    activation: str = "relu",
    seed: int = 0,
    dtype: str = "float32",
) -> keras.Model:
    """Build causal convolutions, each twice as far apart as the one before, with sums around them (Bai et al. 2018).

    Args:
        filters: Of each convolution.
        kernel: Steps that one sees; 2 or more.
        depth: How many; None for the fewest whose last step sees the whole context.
        hidden: Units of the layer that joins the state to what is known of a step ahead.
        dropout: Fraction of values left out in training.
        activation: Of hidden layers; initial weights follow it, see `initializer_for`.
        seed: Of initial weights and dropout.
        context, horizon, channels, targets, quantiles, future, relative, dtype: As for `linear_forecaster`.

    Returns:
        A model as `linear_forecaster` returns.

    Raises:
        UsageError: Where an argument is none of these.
    """
    build = Builder("conv1d_forecaster", activation, dropout, seed, dtype)
    size = Size(context, horizon, channels, targets, quantiles, future)
    series = begun(build, size, relative)
    build.whole("filters", filters)
    if build.whole("kernel", kernel) < 2:
        raise bad_value(build.owner, "kernel", kernel, "2 or more, to see earlier steps", "kernel=3.")
    levels = depth_for(context, kernel) if depth is None else build.whole("depth", depth)
    x = causal(build, series.past, filters, kernel, levels)
    # Each sum adds to the variance; the head gets features of order 1, however deep.
    return ended(build, size, series, LayerNorm(dtype=dtype)(x[:, -1]), build.whole("hidden", hidden))


def causal(build: Builder, x: Any, filters: int, kernel: int, depth: int) -> Any:
    """Return (B, N, filters) of which no step depends on later ones; step n sees `reach(kernel, depth)` steps."""
    x = build.linear(x, filters)
    for level in range(depth):
        h = build.convolve(x, filters, kernel, padding="causal", dilation_rate=2**level)
        x = keras.layers.Add(dtype=build.dtype)([x, build.drop(h)])
    return x


def reach(kernel: int, depth: int) -> int:
    """Return how many steps the last one sees after `depth` convolutions of dilations 1, 2, 4, ..."""
    return 1 + (kernel - 1) * (2**depth - 1)


def depth_for(context: int, kernel: int) -> int:
    """Return the fewest convolutions whose last step sees the whole context."""
    depth = 1
    while reach(kernel, depth) < context:
        depth += 1
    return depth
