"""A state as a tree of JSON values and arrays apart from it, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lab.errors import CheckpointError
from lab.files.reading.schema import MOST_DEPTH, MOST_DIGITS, SchemaError
from lab.files.reading.tensors import METADATA

ARRAY = "__array__"


def split(state: Mapping[str, Any]) -> tuple[Any, dict[str, np.ndarray]]:
    """Return a state with its arrays replaced by their names, and the arrays by name, not copied.

    Raises:
        CheckpointError: For keys that cannot be stored, and for a tree that could not be read back.
    """
    arrays: dict[str, np.ndarray] = {}
    return _split(state, "", arrays, MOST_DEPTH - 2), arrays


def join(tree: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    """Return a state whose names of arrays are arrays again.

    Raises:
        SchemaError: When tree and arrays do not name the same arrays, each once.
    """
    left = dict(arrays)
    joined = _join(tree, left)
    if left:
        raise SchemaError(f"it names no place for the array {min(left)!r}")
    return joined


def _split(value: Any, path: str, arrays: dict[str, np.ndarray], deeper: int) -> Any:
    if deeper < 0:
        raise CheckpointError(f"state at {path[:80]!r} is nested more than {MOST_DEPTH} deep, which cannot be stored.")
    if isinstance(value, (np.ndarray, np.generic)):
        while path in arrays or path == METADATA:
            # Such as {"a/b": ...} beside {"a": {"b": ...}}.
            path += "'"
        # Contiguous, and still 0-d where it was: np.ascontiguousarray would make it 1-d.
        arrays[path] = np.asarray(value, order="C")
        return {ARRAY: path}
    if isinstance(value, Mapping):
        if ARRAY in value or any(not isinstance(k, str) for k in value):
            raise CheckpointError(f"state at {path!r} has keys that cannot be stored: {list(value)}")
        return {k: _split(v, f"{path}/{k}" if path else k, arrays, deeper - 1) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_split(v, f"{path}/{i}" if path else str(i), arrays, deeper - 1) for i, v in enumerate(value)]
    if isinstance(value, int) and abs(value) >= 10**MOST_DIGITS:
        raise CheckpointError(f"state at {path!r} is a number of more than {MOST_DIGITS} digits, which is not stored.")
    return value


def _join(value: Any, left: dict[str, np.ndarray]) -> Any:
    if isinstance(value, dict):
        if ARRAY in value:
            name = value[ARRAY]
            if len(value) != 1 or not isinstance(name, str) or name not in left:
                raise SchemaError(f"it names an array {name!r:.80} that is not there, or names it twice")
            return left.pop(name)
        return {k: _join(v, left) for k, v in value.items()}
    if isinstance(value, list):
        return [_join(v, left) for v in value]
    return value
