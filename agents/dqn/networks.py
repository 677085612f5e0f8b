"""What the networks of value learners must be, checked before anything is trained."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from agents.parts.networks.checks import check_layers
from lab.errors import UsageError, one_line


def checked(owner: str, network: Any, width: int, actions: int, values_of: Callable[[Any], Any]) -> None:
    """Check that a network is fit for both lanes.

    Both call it with explicit weights, so all that it holds must be weights that train: statistics of batches and
    seeds of noise would be neither learnt nor restored.

    Args:
        owner: Whose `network` gave it, for messages.
        network: As that returned it; a subclassed model that has no weights yet is built here.
        width: Numbers that describe an observation.
        actions: How many there are.
        values_of: Makes action values (B, A) of the network's outputs.

    Raises:
        UsageError: When it is no model, cannot be called on such rows, has other outputs, or holds more than weights.
    """
    if not isinstance(network, keras.Model):
        raise UsageError(f"{owner}.network returned {network!r}; expected a keras.Model.")
    try:
        given: Any = network(np.zeros((1, width), np.float32))
    except Exception as error:
        said = one_line(error)
        raise UsageError(
            f"{owner}.network: the model cannot be called on features float32 (B, {width}): {said} "
            f"Fix: keras.Input(({width},)), whose width `number_of_features` gives."
        ) from error
    found, values = _described(given), None
    try:
        values = values_of(given)
    except Exception as error:
        said = one_line(error)
        raise UsageError(f"{owner}.action_values_of cannot take the network's outputs, {found}: {said}") from error
    if _described(values) != f"float32 (1, {actions})":
        after = "" if values is given else f", of which action_values_of makes {_described(values)}"
        raise UsageError(
            f"{owner}.network: the model gives {found} for one observation{after}; expected float32 (1, {actions}), a "
            f"value for each action. Fix: end it with keras.layers.Dense({actions}, dtype='float32'), or override "
            "action_values_of to make values of what it gives."
        )
    check_layers(owner, network)


def _described(outputs: Any) -> str:
    shape, dtype = getattr(outputs, "shape", None), getattr(getattr(outputs, "dtype", None), "name", None)
    return type(outputs).__name__ if shape is None else f"{dtype} {tuple(shape)}"


def begin_alike(owner: str, first: keras.Model, *others: keras.Model | None) -> None:
    """Let networks begin with the weights of the first, which a seed should have given them all.

    Raises:
        UsageError: When two of them are one object.
    """
    mine = {id(v) for v in first.variables}
    for other in others:
        if other is None:
            continue
        if mine & {id(v) for v in other.variables}:
            raise UsageError(
                f"{owner}.network returned the same weights twice; expected a new network at each call. "
                "Fix: make the layers inside `network`."
            )
        mine |= {id(v) for v in other.variables}
        pairs = list(zip(first.variables, other.variables, strict=True))
        if all(np.array_equal(a.numpy(), b.numpy()) for a, b in pairs):
            continue
        warnings.warn(
            f"{owner}.network(seed) gave other weights the second time, so runs of one seed will differ. "
            "Fix: give its initializers the seed, as keras.initializers.HeUniform(seed=seed).",
            stacklevel=2,
        )
        for a, b in pairs:
            b.assign(a)
