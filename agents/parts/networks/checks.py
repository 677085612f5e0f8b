"""What agents' networks may hold."""

from __future__ import annotations

import keras

from lab.errors import UsageError


def check_layers(owner: str, network: keras.Model) -> None:
    """Raise `UsageError` where a network holds more than weights that train.

    Both lanes call it with explicit weights; statistics of batches and seeds of noise would be neither learnt nor
    restored.

    Args:
        owner: Whose `network` gave it, for the message.
        network: Built.
    """
    held = {id(v) for v in network.variables} - {id(v) for v in network.trainable_variables}
    if not held:
        return
    layers = network._flatten_layers(include_self=True, recursive=True)
    guilty = [
        f"{type(layer).__name__} {layer.name!r}"
        for layer in layers
        if not layer._layers and held & {id(v) for v in layer.variables}
    ]
    raise UsageError(
        f"{owner}.network: the model holds more than weights that train: {', '.join(guilty) or network.name}; expected "
        "layers without batch statistics, noise or frozen weights, because target networks and averaged weights are "
        "copies of what trains. Fix: LayerNormalization for BatchNormalization, no Dropout, and trainable=True."
    )
