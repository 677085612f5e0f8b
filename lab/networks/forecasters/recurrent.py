"""A forecaster that reads a series step by step."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from lab.networks.builder import Builder
from lab.networks.forecasters.ahead import Size, begun, ended
from lab.networks.sequences.recurrent import recurrent_layers


def recurrent_forecaster(
    context: int,
    horizon: int,
    channels: int = 1,
    *,
    targets: int = 1,
    quantiles: int = 1,
    future: int = 0,
    relative: bool = True,
    cell: str = "lstm",
    units: Sequence[int] = (64,),
    hidden: int = 64,
    dropout: float = 0.0,
    activation: str = "relu",
    seed: int = 0,
    dtype: str = "float32",
) -> keras.Model:
    """Build a recurrent network whose last state gives all steps ahead (Wen et al. 2017, "MQ-RNN").

    Args:
        cell: "lstm", "gru" or "simple_rnn".
        units: Of each layer.
        hidden: Units of the layer that joins the state to what is known of a step ahead.
        dropout: Fraction of values left out in training.
        activation: Of that layer.
        seed: Of initial weights and dropout.
        context, horizon, channels, targets, quantiles, future, relative, dtype: As for `linear_forecaster`.

    Returns:
        A model as `linear_forecaster` returns.

    Raises:
        UsageError: Where an argument is none of these.
    """
    build = Builder("recurrent_forecaster", activation, dropout, seed, dtype)
    size = Size(context, horizon, channels, targets, quantiles, future)
    series = begun(build, size, relative)
    state = recurrent_layers(build, series.past, cell, build.wholes("units", units))
    return ended(build, size, series, state, build.whole("hidden", hidden))
