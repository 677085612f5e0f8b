"""What forecasters begin and end with: what is known of a series, and the steps ahead of it."""

from __future__ import annotations

from typing import Any, NamedTuple

import keras

from lab.errors import bad_value
from lab.networks.builder import Builder


class Size(NamedTuple):
    """What a forecaster is given and has to give.

    Attributes:
        context, horizon: Steps that are known, and steps ahead.
        channels: Numbers a known step; the first `targets` of them are forecast.
        targets, quantiles: Numbers ahead a step, and quantiles of each.
        future: Numbers that are known of each step ahead, such as the hour; 0 for none.
    """

    context: int
    horizon: int
    channels: int
    targets: int
    quantiles: int
    future: int


class Series(NamedTuple):
    """The inputs of a forecaster.

    Attributes:
        inputs: Of the model: `past`, or both by name.
        past: (B, context, channels), less the last known values where it is relative.
        last: float32 (B, 1, targets, 1), to be added to what is ahead; None where it is not relative.
        future: (B, horizon, future) or None.
    """

    inputs: Any
    past: Any
    last: Any
    future: Any


def begun(build: Builder, size: Size, relative: bool) -> Series:
    """Check the sizes and make the inputs.

    Relative series lose the last known value of each target, which is added again at the end (Zeng et al. 2023,
    "NLinear"): a level that was never seen is then no other task.

    Raises:
        UsageError: Where a size is no whole number > 0, or there are more targets than channels.
    """
    for name, value in size._asdict().items():
        build.whole(name, value, 0 if name == "future" else 1)
    if size.targets > size.channels:
        raise bad_value(
            build.owner, "targets", size.targets, f"at most the channels, {size.channels}: the first ones are forecast",
            f"channels={size.targets} or more.",
        )  # fmt: skip
    past = keras.Input((size.context, size.channels), name="past")
    future = keras.Input((size.horizon, size.future), name="future") if size.future else None
    inputs = past if future is None else {"past": past, "future": future}
    if not relative:
        return Series(inputs, past, None, future)
    last = past[:, -1:, : size.targets]
    shift = keras.ops.pad(last, ((0, 0), (0, 0), (0, size.channels - size.targets)))
    return Series(inputs, past - shift, keras.ops.expand_dims(last, -1), future)


def ended(build: Builder, size: Size, series: Series, state: Any, hidden: int) -> keras.Model:
    """Return the model that reads the horizon from a state (B, U), and from what is known of each step ahead.

    The head gives all steps at once (Wen et al. 2017, section 3); where a step's covariates are known, one hidden layer
    from them and the state, the same for all steps, adds to it. Both start at 0, so that a relative forecaster starts
    as the naive one, which repeats the last value.
    """
    flat = build.head(build.drop(state), size.horizon * size.targets * size.quantiles, zero=True)
    ahead = keras.layers.Reshape((size.horizon, size.targets, size.quantiles))(flat)
    if series.future is not None:
        each = keras.layers.RepeatVector(size.horizon, dtype=build.dtype)(state)
        each = keras.layers.Concatenate(dtype=build.dtype)([each, series.future])
        more = build.head(build.hidden(each, [hidden]), size.targets * size.quantiles, "future_head", zero=True)
        ahead = ahead + keras.layers.Reshape((size.horizon, size.targets, size.quantiles))(more)
    return finished(build, series, ahead)


def finished(build: Builder, series: Series, ahead: Any) -> keras.Model:
    """Return the model, with the last known values added where the series is relative to them."""
    return keras.Model(series.inputs, ahead if series.last is None else ahead + series.last, name=build.owner)
