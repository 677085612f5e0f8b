"""Gradual unfreezing and discriminative step sizes, for any optimizer (Howard and Ruder 2018, sections 3.2 and 3.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf


class Pace(NamedTuple):
    """How fast a variable moves.

    Attributes:
        factor: Of the step size.
        start: Updates before it moves at all.
    """

    factor: float
    start: int


FULL = Pace(1.0, 0)


def weighty_layers(backbone: keras.Model) -> list[Any]:
    """Return the layers with weights, the input's side first."""
    return [layer for layer in backbone.layers if layer.weights]


def paces(
    layers: Sequence[Any], groups: int, divisor: float, every: int, variables: Sequence[Any]
) -> list[Pace] | None:
    """Return the pace of each variable, or None where all move at once at full step size.

    The head comes first; each group of layers below has the step size of the one above divided by `divisor`, and
    begins to move `every` updates later.

    Args:
        layers: That train, the input's side first.
        groups: Into which they are cut, of about as many layers each.
        divisor: >= 1.
        every: Updates, >= 0.
        variables: All that train; those of none of the layers are the head's.
    """
    if (divisor == 1.0 and not every) or not layers:
        return None
    known = {}
    upwards = np.array_split(np.arange(len(layers))[::-1], min(groups, len(layers)))
    for number, places in enumerate(upwards, start=1):
        pace = Pace(divisor**-number, number * every)
        known.update({id(v): pace for i in places for v in layers[i].trainable_variables})
    return [known.get(id(variable), FULL) for variable in variables]


def apply_at_paces(optimizer: Any, gradients: Sequence[Any], variables: Sequence[Any], paced: Sequence[Pace]) -> None:
    """Let an optimizer move variables, then take back of each move what is beyond the variable's pace.

    Adaptive optimizers undo whatever factor a gradient has, so it is the move, weight decay with it, that is scaled.
    Moments gather while a variable waits, so that its first move is no larger than later ones.

    Args:
        optimizer: Built for the variables.
        gradients, variables: In order.
        paced: Of each variable.
    """
    done = optimizer.iterations.value if hasattr(optimizer.iterations, "value") else optimizer.iterations
    made = tf.cast(tf.identity(done), tf.int32)
    old = [None if pace == FULL else tf.identity(v.value) for v, pace in zip(variables, paced, strict=True)]
    optimizer.apply(gradients, variables)
    for variable, before, pace in zip(variables, old, paced, strict=True):
        if before is not None:
            factor = tf.where(made >= pace.start, tf.constant(pace.factor, before.dtype), 0.0)
            variable.assign(before + factor * (variable.value - before))
