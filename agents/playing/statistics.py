"""Running statistics of normalising wrappers: taken from the training environments, frozen in all others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import gymnasium
import numpy as np

from agents.base import Statistics
from agents.playing.wrappers import layers

FIELDS = ("mean", "var", "count")


def running(env: gymnasium.Env[Any, Any]) -> Iterator[tuple[str, gymnasium.Env[Any, Any], Any]]:
    """Yield the running means and variances that an environment's wrappers keep.

    Such are `obs_rms` of `gymnasium.wrappers.NormalizeObservation`, `return_rms` of NormalizeReward, and whatever has
    a mean, a variance, a count and an `update` in other wrappers.

    Yields:
        A name, the same in equally made environments; the wrapper; and the statistics.
    """
    wrappers = [layer for layer in layers(env) if isinstance(layer, gymnasium.Wrapper)]
    met: dict[str, int] = {}
    for layer in reversed(wrappers):
        for attribute, value in sorted(vars(layer).items()):
            if all(hasattr(value, field) for field in (*FIELDS, "update")):
                name = f"{type(layer).__name__}.{attribute}"
                met[name] = met.get(name, 0) + 1
                yield name if met[name] == 1 else f"{name}#{met[name]}", layer, value


def gathered(envs: Sequence[gymnasium.Env[Any, Any]]) -> Statistics:
    """Return the statistics of several environments as one of all their samples (Chan et al. 1979, equation 1.5).

    Returns:
        By name mean, var and count; empty where no wrapper keeps any.
    """
    merged: Statistics = {}
    for env in envs:
        for name, _, found in running(env):
            new = {field: np.array(getattr(found, field), np.float64) for field in FIELDS}
            merged[name] = _joined(merged[name], new) if name in merged else new
    return merged


def _joined(a: Mapping[str, np.ndarray], b: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    count = a["count"] + b["count"]
    delta = b["mean"] - a["mean"]
    squares = a["var"] * a["count"] + b["var"] * b["count"] + np.square(delta) * a["count"] * b["count"] / count
    return {"mean": a["mean"] + delta * b["count"] / count, "var": squares / count, "count": count}


def freeze(env: gymnasium.Env[Any, Any], statistics: Mapping[str, Mapping[str, np.ndarray]]) -> None:
    """Give an environment's wrappers the statistics of training, and keep them from changing.

    Args:
        env: A fresh environment.
        statistics: As `gathered` returned them; where a wrapper's are not among them it goes on as it was made.
    """
    for name, layer, found in running(env):
        if name not in statistics:
            continue
        _set(found, statistics[name])
        if hasattr(type(layer), "update_running_mean"):
            layer.update_running_mean = False  # type: ignore[attr-defined]
        else:
            found.update = _nothing


def take_over(envs: Sequence[gymnasium.Env[Any, Any]], statistics: Mapping[str, Mapping[str, np.ndarray]]) -> None:
    """Let training environments go on from statistics, where restoring them has not brought back their own.

    Args:
        envs: Those that train together; each gets an equal part of the samples.
        statistics: As `gathered` returned them.
    """
    now = gathered(envs)
    for env in envs:
        for name, _, found in running(env):
            if name in statistics and any(not np.array_equal(now[name][f], statistics[name][f]) for f in FIELDS):
                _set(found, {**statistics[name], "count": statistics[name]["count"] / len(envs)})


def _set(found: Any, values: Mapping[str, np.ndarray]) -> None:
    for field in FIELDS:
        present, value = getattr(found, field), np.asarray(values[field])
        setattr(found, field, value.astype(present.dtype) if isinstance(present, np.ndarray) else value.item())


def _nothing(*_: Any, **__: Any) -> None:
    """Learn nothing."""
