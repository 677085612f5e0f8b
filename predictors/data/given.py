"""What a user hands over as inputs and targets, as plain arrays by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from generative.arguments import plain_array
from lab.errors import bad_value, printable
from predictors.data.examples import Part
from predictors.data.words import check_room, decoded


def named(values: Any, side: str, owner: str) -> dict[str, np.ndarray]:
    """Return a user's arrays by name; one alone is called as its side is, such as input."""
    given = dict(values) if isinstance(values, Mapping) else {side: values}
    if not given:
        raise bad_value(owner, f"{side}s", "none", "at least one array")
    for name in given:
        # Layers of Keras are called so, and files hold it.
        if not isinstance(name, str) or not 0 < len(name) <= 256 or printable(name) != name or "/" in name:
            raise bad_value(owner, f"name of an {side}", name, "at most 256 printable characters, none of them /")
    return {name: _array(value, f"{owner} {side} {name!r}") for name, value in given.items()}


def _array(value: Any, owner: str) -> np.ndarray:
    if isinstance(value, (list, tuple)) and value and all(isinstance(v, str) for v in value):
        check_room(list(value), owner)
    array = plain_array(owner, "values", value)
    if array.dtype.kind in "OS":
        # Of objects only texts are left by now.
        listed = array.ravel().tolist()
        texts = [decoded(v, owner, i) if isinstance(v, bytes) else v for i, v in enumerate(listed)]
        check_room(texts, owner)
        return np.array(texts, "U").reshape(array.shape)
    if array.dtype.kind not in "buifU" or array.ndim == 0 or 0 in array.shape[1:]:
        raise bad_value(owner, "values", f"{array.dtype} {array.shape}", "an array (N, ...) of numbers or texts")
    return array


def check_lengths(part: Part, owner: str) -> None:
    """Raise `UsageError` where arrays have no rows, or not as many."""
    lengths = {name: len(values) for name, values in (*part.inputs.items(), *part.targets.items())}
    if len({*lengths.values()}) > 1:
        raise bad_value(owner, "lengths", lengths, "as many inputs as targets, one a row")
    if not min(lengths.values()):
        raise bad_value(owner, "examples", "none", "at least one")


def checked_weights(weights: Any, count: int, owner: str) -> np.ndarray | None:
    """Return how much each training example counts, float32 (N,), or None for all alike."""
    if weights is None:
        return None
    array = np.asarray(weights)
    if array.shape != (count,) or array.dtype.kind not in "uif" or not np.isfinite(array).all() or array.min() <= 0:
        received = f"{array.dtype} {array.shape}"
        raise bad_value(owner, "weights", received, f"finite numbers > 0 of shape ({count},), one a training example")
    return array.astype(np.float32)
