"""Layers of recurrent cells with seeds of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from lab.errors import bad_value
from lab.networks.builder import Builder
from lab.networks.initializers import initializer_for

CELLS = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU, "simple_rnn": keras.layers.SimpleRNN}


def recurrent_layers(
    build: Builder, x: Any, cell: str, units: Sequence[int], bidirectional: bool = False, present: Any = None
) -> Any:
    """Return the last layer's output after the last step, (B, units) or, in both directions, (B, 2 units).

    Kernels start as `initializer_for` has it for tanh, those from step to step orthogonal (Saxe et al. 2014).

    Args:
        build: Of the network.
        x: (B, N, C).
        cell: "lstm", "gru" or "simple_rnn".
        units: Of each layer.
        bidirectional: Whether each layer reads in both directions.
        present: bool (B, N), False for steps that leave the state as it is; None for none.
    """
    build.choice("cell", cell, tuple(CELLS))
    if not units:
        raise bad_value(build.owner, "units", units, "at least one layer's units", "units=(64,).")
    more = {} if present is None else {"mask": present}
    for i, number in enumerate(units):
        layer = _layer(build, cell, number, i < len(units) - 1)
        if bidirectional:
            back = _layer(build, cell, number, i < len(units) - 1, backwards=True)
            layer = keras.layers.Bidirectional(layer, backward_layer=back, dtype=build.dtype)
        x = layer(x, **more)
        if i < len(units) - 1:
            x = build.drop(x)
    return x


def _layer(build: Builder, cell: str, units: int, sequences: bool, backwards: bool = False) -> Any:
    return CELLS[cell](
        units,
        kernel_initializer=initializer_for("tanh", build.seed()),
        recurrent_initializer=keras.initializers.Orthogonal(seed=build.seed()),
        return_sequences=sequences,
        go_backwards=backwards,
        seed=build.seed(),
        dtype=build.dtype,
    )
