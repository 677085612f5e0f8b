"""A linear forecaster: cheap, and hard to beat."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from lab.errors import bad_value
from lab.networks.builder import Builder
from lab.networks.forecasters.ahead import Size, begun, finished

# Of a context: the moving average is a matrix of them by themselves, 256 MiB at most.
MOST_STEPS = 1 << 13


def linear_forecaster(
    context: int,
    horizon: int,
    channels: int = 1,
    *,
    targets: int = 1,
    quantiles: int = 1,
    future: int = 0,
    relative: bool = True,
    individual: bool = False,
    window: int = 25,
    seed: int = 0,
    dtype: str = "float32",
) -> keras.Model:
    """Build one linear map from a series' known steps to all steps ahead (Zeng et al. 2023, "DLinear" and "NLinear").

    A moving average and what it leaves have a map each. Other channels and what is known of the steps ahead have linear
    maps of their own. All start at 0, so that a relative forecaster starts as the naive one, which repeats the last
    value.

    Args:
        context: Known steps.
        horizon: Steps ahead; 1 for a forecaster that goes on from its own forecasts.
        channels: Numbers a known step; the first `targets` are forecast, the others only known.
        targets: Numbers a step ahead.
        quantiles: Of each number.
        future: Numbers that are known of each step ahead; 0 for none.
        relative: Whether targets are seen and forecast as differences from their last known values.
        individual: Whether each target has maps of its own, rather than all the same.
        window: Steps of the moving average; at the ends it sees the first and the last value again.
        seed: Of nothing here: weights that start at 0 and a convex loss need none. Other forecasters take one.
        dtype: Keras' type policy: float32 or mixed_bfloat16.

    Returns:
        A model of past float32 (B, context, channels) or, with `future`, of {"past": that, "future": float32
        (B, horizon, future)}; its output is float32 (B, horizon, targets, quantiles).

    Raises:
        UsageError: Where an argument is none of these.
    """
    build = Builder("linear_forecaster", "linear", 0.0, seed, dtype)
    size = Size(context, horizon, channels, targets, quantiles, future)
    series = begun(build, size, relative)
    if context > MOST_STEPS:
        raise bad_value(build.owner, "context", context, f"at most {MOST_STEPS:,} steps", "another architecture.")
    known = keras.layers.Permute((2, 1), dtype=dtype)(series.past[:, :, :targets])
    trend = keras.ops.matmul(known, keras.ops.cast(moving_average(context, build.whole("window", window)), known.dtype))
    units = horizon * quantiles
    ahead = _mapped(trend, units, individual) + _mapped(known - trend, units, individual)
    ahead = keras.layers.Reshape((targets, horizon, quantiles))(ahead)
    ahead = keras.layers.Permute((2, 1, 3))(ahead)
    if channels > targets:
        others = keras.layers.Flatten(dtype=dtype)(series.past[:, :, targets:])
        more = _mapped(others, horizon * targets * quantiles)
        ahead = ahead + keras.layers.Reshape((horizon, targets, quantiles))(more)
    if future:
        more = _mapped(series.future, targets * quantiles)
        ahead = ahead + keras.layers.Reshape((horizon, targets, quantiles))(more)
    return finished(build, series, ahead)


def moving_average(steps: int, window: int) -> np.ndarray:
    """Return the matrix float32 (steps, steps) that a row of steps is multiplied by for its centred moving average.

    Beyond its ends the first and the last value are repeated, as Zeng et al. (2023) do.
    """
    matrix = np.zeros((steps, steps), np.float32)
    for i in range(steps):
        seen = np.clip(np.arange(i - (window - 1) // 2, i + window // 2 + 1), 0, steps - 1)
        np.add.at(matrix[:, i], seen, 1.0 / window)
    return matrix


def _mapped(x: Any, units: int, individual: bool = False) -> Any:
    """Return (..., units), float32, of (..., C), or for each of T rows with a map of its own (B, T, units)."""
    if not individual:
        return keras.layers.Dense(units, kernel_initializer="zeros", dtype="float32")(x)
    shape = (x.shape[1], units)
    return keras.layers.EinsumDense("btc,tcu->btu", shape, bias_axes="tu", kernel_initializer="zeros", dtype="float32")(
        x
    )
