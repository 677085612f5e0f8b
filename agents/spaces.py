"""Gymnasium spaces as batches of arrays, and as JSON in a run's config."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete, MultiBinary, MultiDiscrete, Tuple

from lab.errors import UsageError


def layout(space: gymnasium.Space[Any]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return the shape and dtype of one value of a space as an array.

    Raises:
        UsageError: For spaces that are not one array, such as Dict.
    """
    if isinstance(space, Tuple) and all(isinstance(s, Discrete) for s in space.spaces):
        return (len(space.spaces),), np.dtype(np.int64)
    if isinstance(space, (Box, Discrete, MultiBinary, MultiDiscrete)) and space.shape is not None:
        return space.shape, np.dtype(space.dtype)
    raise UsageError(
        f"the space {space} is not one array; expected Box, Discrete, MultiDiscrete, MultiBinary or a Tuple of "
        "Discrete. Fix: wrap the environment in gymnasium.wrappers.FlattenObservation."
    )


def as_batch(space: gymnasium.Space[Any], values: Any) -> tuple[np.ndarray, bool]:
    """Return values as an array with a leading batch axis, and whether it was one value alone."""
    shape, dtype = layout(space)
    array = np.asarray(values, dtype)
    if array.shape == shape:
        return array[None], True
    if array.shape[1:] == shape and array.ndim == len(shape) + 1:
        return array, False
    raise UsageError(f"observations received shape {array.shape}; expected {shape} for one or (n, *{shape}) for n.")


def to_environment(space: gymnasium.Space[Any], actions: np.ndarray) -> Any:
    """Turn a batch of an agent's actions into what each `env.step` takes, as an array of them."""
    if isinstance(space, Discrete) and space.start:
        return actions + space.start
    return actions


def to_json(space: gymnasium.Space[Any]) -> dict[str, Any]:
    """Return a space as JSON values."""
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


def from_json(data: dict[str, Any]) -> gymnasium.Space[Any]:
    """Return the space that `to_json` wrote."""
    kind = data.get("kind")
    if kind == "Discrete":
        return Discrete(data["n"], start=data["start"])
    if kind == "Box":
        dtype = np.dtype(data["dtype"])
        shape = tuple(data["shape"])
        low, high = (_expanded(data[k], shape, dtype) for k in ("low", "high"))
        return Box(low, high, shape, dtype.type)
    if kind == "MultiDiscrete":
        return MultiDiscrete(np.array(data["nvec"]), start=np.array(data["start"]))
    if kind == "MultiBinary":
        shape = data["shape"]
        return MultiBinary(shape[0] if len(shape) == 1 else shape)
    if kind == "Tuple":
        return Tuple([from_json(s) for s in data["spaces"]])
    raise UsageError(f"config.json names a space of kind {kind!r}; expected Box, Discrete, MultiDiscrete, MultiBinary.")


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
    return np.broadcast_to(values.reshape(shape) if values.ndim else values, shape).astype(dtype)
