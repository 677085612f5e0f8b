"""Gymnasium spaces as JSON in a run's config."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete, MultiBinary, MultiDiscrete, Tuple

from agents.structured import NUMBERS, Packed, Path
from lab.errors import UsageError
from lab.files.reading.schema import (
    DTYPES,
    LARGEST,
    MOST_NUMBERS,
    SchemaError,
    anything,
    check,
    either,
    entries,
    items,
    real,
    shape,
    text,
    whole,
)

MOST_NESTED = 4

_bound = either(text(choices=("inf", "-inf")), real())
_bounds = either(items(_bound, MOST_NUMBERS), _bound)


def _whole_numbers(least: int) -> Any:
    # A MultiDiscrete has a list of them, or lists in lists.
    kind: Any = items(whole(least), MOST_NUMBERS)
    for _ in range(MOST_NESTED):
        kind = either(items(kind, 1 << 20), items(whole(least), MOST_NUMBERS))
    return kind


_entry = entries({"path": items(either(text(200), whole(0)), 1 << 6, 1), "space": anything()})
_SPACES = {
    "Discrete": entries({"kind": anything(), "n": whole(1), "start": whole(-LARGEST)}),
    "Box": entries(
        {"kind": anything(), "shape": shape(), "dtype": text(choices=DTYPES), "low": _bounds, "high": _bounds}
    ),
    "MultiDiscrete": entries({"kind": anything(), "nvec": _whole_numbers(1), "start": _whole_numbers(-LARGEST)}),
    "MultiBinary": entries({"kind": anything(), "shape": shape(least=1)}),
    "Packed": entries({"kind": anything(), "entries": items(_entry, 1 << 10, 1)}),
    "Tuple": entries({"kind": anything(), "spaces": items(anything(), 1 << 10, 1)}),
}
_KINDS = entries({"kind": text(choices=tuple(_SPACES))}, more=anything())


def to_json(space: gymnasium.Space[Any]) -> dict[str, Any]:
    """Return a space as JSON values."""
    if isinstance(space, Packed):
        return {"kind": "Packed", "entries": [{"path": list(e.path), "space": to_json(e.space)} for e in space.entries]}
    if isinstance(space, Discrete):
        return {"kind": "Discrete", "n": int(space.n), "start": int(space.start)}
    if isinstance(space, Box):
        bounds = {"low": _compact(space.low), "high": _compact(space.high)}
        return {"kind": "Box", "shape": list(space.shape), "dtype": str(space.dtype), **bounds}
    if isinstance(space, MultiDiscrete):
        return {"kind": "MultiDiscrete", "nvec": space.nvec.tolist(), "start": space.start.tolist()}
    if isinstance(space, MultiBinary):
        return {"kind": "MultiBinary", "shape": list(space.shape)}
    if isinstance(space, Tuple):
        return {"kind": "Tuple", "spaces": [to_json(s) for s in space.spaces]}
    raise UsageError(f"the space {space} cannot be written down; expected Box, Discrete, MultiDiscrete or MultiBinary.")


def from_json(data: Any) -> gymnasium.Space[Any]:
    """Return the space that `to_json` wrote.

    Raises:
        UsageError: When it describes none, or one beyond the limits here, before memory is taken for it.
    """
    try:
        return _from_json(data, 0)
    except (SchemaError, ValueError, TypeError, OverflowError) as error:
        raise UsageError(f"a file describes no space that can be made: {error}.") from error


def _from_json(data: Any, depth: int) -> gymnasium.Space[Any]:
    kind = check(data, _KINDS)["kind"]
    d = check(data, _SPACES[kind])
    if kind == "Discrete":
        return Discrete(d["n"], start=d["start"])
    if kind == "Box":
        dtype, size = np.dtype(d["dtype"]), tuple(d["shape"])
        low, high = (_expanded(d[k], size, dtype) for k in ("low", "high"))
        return Box(low, high, size, dtype.type)
    if kind == "MultiDiscrete":
        nvec, start = np.array(d["nvec"], np.int64), np.array(d["start"], np.int64)
        if nvec.shape != start.shape or not nvec.size or nvec.min() < 1:
            raise SchemaError(f"nvec and start have the shapes {nvec.shape} and {start.shape}, or nvec one below 1")
        return MultiDiscrete(nvec, start=start)
    if kind == "MultiBinary":
        return MultiBinary(d["shape"][0] if len(d["shape"]) == 1 else d["shape"])
    if depth >= MOST_NESTED or (depth and kind == "Packed"):
        raise SchemaError(f"it is nested more than {MOST_NESTED} deep")
    if kind == "Packed":
        return Packed(_leaves(d["entries"], depth))
    return Tuple([_from_json(s, depth + 1) for s in d["spaces"]])


def _leaves(found: list[Any], depth: int) -> Iterator[tuple[Path, gymnasium.Space[Any]]]:
    numbers = 0
    for entry in found:
        leaf = _from_json(entry["space"], depth + 1)
        numbers += math.prod(leaf.shape or ())
        if not isinstance(leaf, NUMBERS) or numbers > MOST_NUMBERS:
            raise SchemaError(f"an entry is no array, or all have more than {MOST_NUMBERS:,} numbers")
        yield tuple(entry["path"]), leaf


def _compact(bounds: np.ndarray) -> Any:
    # Strict JSON has no infinity, and a picture's 0..255 need not be written once a pixel.
    def plain(value: float) -> Any:
        return float(value) if np.isfinite(value) else str(float(value))

    flat = bounds.ravel()
    if flat.size and np.all(flat == flat[0]):
        return plain(flat[0])
    return [plain(v) for v in flat]


def _expanded(data: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> np.ndarray:
    values = np.array([float(v) for v in data] if isinstance(data, list) else float(data))
    if dtype.kind not in "iu":
        # A float64's bound may lie beyond a float32.
        with np.errstate(over="ignore"):
            return np.broadcast_to(values.reshape(shape) if values.ndim else values, shape).astype(dtype)
    least, most = int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
    if not (np.isfinite(values).all() and values.min(initial=0) >= least and values.max(initial=0) <= most):
        raise SchemaError(f"bounds of the type {dtype} lie outside {least} to {most}")
    # As a float the greatest int64 is one more than it is.
    below = values < float(most)
    exact = np.where(below, np.where(below, values, 0).astype(dtype), np.array(most, dtype))
    return np.broadcast_to(exact.reshape(shape) if exact.ndim else exact, shape).copy()
