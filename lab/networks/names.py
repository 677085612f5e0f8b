"""Names of layers that are the same in every process."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import keras

NUMBER = re.compile(r"_\d+$")


def settle_names(model: keras.Model) -> None:
    """Name a model's layers, but those that somebody has named, by their places in it.

    Keras numbers layers by how many of a kind a process has made, and TensorFlow may sort a sum's terms by their names:
    dense_10 comes before dense_9. The last bits of a gradient would then depend on what else the process has built, and
    a run resumed elsewhere would part from the uninterrupted one.

    Args:
        model: Built, and not traced yet.
    """
    layers: list[Any] = list(model._flatten_layers(include_self=False, recursive=True))
    for place, layer in enumerate(layers):
        if NUMBER.sub("", layer.name).replace("_", "") == type(layer).__name__.lower():
            layer.name = f"layer_{place:05d}"


def settle_models(values: Iterable[Any]) -> None:
    """Settle the names of those values that are models."""
    for value in values:
        if isinstance(value, keras.Model):
            settle_names(value)
