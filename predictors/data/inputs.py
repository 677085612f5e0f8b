"""What a user asks predictions for, checked against what training had."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from generative.arguments import plain_array
from lab.errors import bad_value
from predictors.data.examples import ExampleSpec
from predictors.data.field import TEXT, Field
from predictors.data.words import checked_texts


def checked_inputs(spec: ExampleSpec, inputs: Any, owner: str) -> dict[str, np.ndarray]:
    """Return inputs by name, (N, ...) each.

    Args:
        spec: Of the examples that training had.
        inputs: An array, or arrays by name where there are several.
        owner: Who asks, for messages.

    Raises:
        UsageError: On other names, shapes or types, unequal lengths, or values that are not finite.
    """
    names = [field.name for field in spec.inputs]
    if not isinstance(inputs, Mapping):
        if len(names) > 1:
            raise bad_value(owner, "inputs", type(inputs).__name__, f"a dict with {', '.join(names)}")
        inputs = {names[0]: inputs}
    if sorted(inputs) != sorted(names):
        raise bad_value(owner, "inputs", sorted(inputs), ", ".join(names))
    found = {field.name: _checked(field, inputs[field.name], f"{owner} {field.name!r}") for field in spec.inputs}
    lengths = {name: len(values) for name, values in found.items()}
    if len({*lengths.values()}) > 1:
        raise bad_value(owner, "lengths", lengths, "as many of each input")
    return found


def made_up(spec: ExampleSpec, number: int) -> dict[str, np.ndarray]:
    """Return inputs that training might have had, by name, (number, ...), to try a network with.

    Row i is the same however many there are.
    """
    rng = np.random.default_rng(0)
    found = {}
    for field in spec.inputs:
        drawn = rng.spawn(1)[0].random((number, *field.shape))
        if field.kind == "text":
            words = np.array([word for word in (field.vocabulary or ())[2:] if word] or ["word"])
            picked = words[(drawn * len(words)).astype(int)]
            found[field.name] = np.array([" ".join(row) for row in picked.tolist()], "U")
            continue
        values = np.asarray(field.centre) + np.asarray(field.scale) * (2.0 * drawn - 1.0)
        kind = np.dtype(field.dtype)
        found[field.name] = (np.rint(values) if kind.kind in "iu" else values).astype(kind)
    return found


def _checked(field: Field, values: Any, owner: str) -> np.ndarray:
    if field.kind == "text":
        return checked_texts(values, owner)
    array = plain_array(owner, "inputs", values)
    if field.kind == "vector" and field.shape == (1,) and array.ndim == 1:
        array = array[:, None]
    if array.shape[1:] != field.shape or array.ndim != len(field.shape) + 1:
        wanted = ", ".join(map(str, ("N", *field.shape)))
        fix = "inputs[None] makes a batch of one." if array.shape == field.shape else ""
        raise bad_value(owner, "inputs of shape", array.shape, f"({wanted})", fix)
    expected = np.dtype(field.dtype) if field.dtype != TEXT else None
    free = expected is not None and expected.kind in "iuf" and not field.is_raw
    # Whole numbers and floating ones of sounds have other units.
    alike = expected.kind if field.kind == "sound" and expected is not None else "buif"
    if array.dtype != expected and not (free and array.dtype.kind in alike):
        raise bad_value(owner, "inputs of type", str(array.dtype), f"{field.dtype}, as in training")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        row = int(np.flatnonzero(~np.isfinite(array.reshape(len(array), -1)).all(axis=1))[0])
        raise bad_value(owner, "inputs", f"NaN or infinity in row {row}", "finite numbers")
    return array
