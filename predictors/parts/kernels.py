"""The kernels of a network: the matrices and filters of its layers, which pruning and 8-bit training are about."""

from __future__ import annotations

from typing import Any, NamedTuple

import keras

from lab.errors import bad_value


class Kernel(NamedTuple):
    """One layer's matrix or filters.

    Attributes:
        variable: A Keras variable of rank 2 or more.
        summed: Its axes over which products are summed up; the others are its output channels.
    """

    variable: Any
    summed: tuple[int, ...]


def kernels_of(owner: str, network: keras.Model) -> list[Kernel]:
    """Return the kernels of a network, the first and the last layer's among them, in the order of its layers.

    They are what layers call a kernel, recurrent and depthwise ones too. Biases, scales of normalisations, tables of
    embeddings and tokens are none.

    Args:
        owner: Who asks, for errors.
        network: Built.

    Raises:
        UsageError: When it has none.
    """
    found: dict[int, Kernel] = {}
    for layer in network._flatten_layers(include_self=True, recursive=True):
        for variable in layer._trainable_variables:
            if variable.name.endswith("kernel") and len(variable.shape) >= 2:
                found.setdefault(id(variable), Kernel(variable, _summed(layer, variable)))
    if not found:
        expected = "layers with weights of rank 2 or more that are called kernel, as those of Keras are"
        raise bad_value(owner, "network", network.name, expected, "self.add_weight(..., name='kernel').")
    return list(found.values())


def _summed(layer: Any, variable: Any) -> tuple[int, ...]:
    rank = len(variable.shape)
    kept = {rank - 1}
    if isinstance(layer, keras.layers.EinsumDense):
        inputs, outputs = layer.equation.split("->")
        kept = {i for i, letter in enumerate(inputs.split(",")[1]) if letter in outputs}
    elif isinstance(layer, keras.layers.Conv1DTranspose | keras.layers.Conv2DTranspose | keras.layers.Conv3DTranspose):
        kept = {rank - 2}
    elif isinstance(layer, keras.layers.DepthwiseConv1D | keras.layers.DepthwiseConv2D) or "depthwise" in variable.name:
        kept = {rank - 2, rank - 1}
    return tuple(i for i in range(rank) if i not in kept)
