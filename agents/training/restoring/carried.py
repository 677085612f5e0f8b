"""What an environment carries from one episode into the next and can be stored: statistics and generators."""

from __future__ import annotations

import random
import types
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import gymnasium
import numpy as np

# Gymnasium's other wrappers begin anew with each episode, or only report.
_WITH_STATISTICS = ("NormalizeObservation", "NormalizeReward")
_GENERATORS = (np.random.Generator, np.random.RandomState, random.Random)
_DEPTH, _ENTRIES, _OBJECTS = 4, 64, 2_000


class Carried:
    """Finds, stores and restores what an environment and its wrappers carry between episodes.

    Found are the running statistics of wrappers (`obs_rms`, `return_rms`, `discounted_reward`; of wrappers from
    elsewhere than Gymnasium all numbers and arrays), and random generators besides `np_random` in the environment's
    attributes and the objects below them. What else it may carry, nobody can list: see
    `agents.training.restoring.verification`.

    Args:
        env: The environment with its wrappers.
    """

    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        self.env = env
        self.find()

    def find(self) -> None:
        """Look again, since an environment's first reset may have made what it carries."""
        self._statistics = {name: (layer, key) for name, layer, key in _statistics(self.env)}
        self._generators = dict(_generators(self.env))
        self._found = self.generators()

    def leave_out_unused(self) -> None:
        """Stop storing generators that have not been drawn from since they were found, as of most action spaces."""
        now = self.generators()
        self._generators = {n: p for n, p in self._generators.items() if not _same(now.get(n), self._found.get(n))}

    def keep(self, names: Iterable[str]) -> None:
        """Store the generators of these names alone, as the run does that is being restored."""
        self._generators = {n: p for n, p in self._generators.items() if n in set(names)}

    def capture(self) -> dict[str, Any]:
        """Return all of it as nested dicts of arrays and numbers."""
        statistics = {name: _packed(vars(layer).get(key)) for name, (layer, key) in self._statistics.items()}
        return {"statistics": statistics, "generators": self.generators()}

    def generators(self) -> dict[str, Any]:
        """Return the states of the generators alone, by where they are."""
        found = {name: _resolve(self.env, path) for name, path in self._generators.items()}
        return {name: _state(rng) for name, rng in found.items() if isinstance(rng, _GENERATORS)}

    def restore(self, saved: Mapping[str, Any], generators: bool = True) -> None:
        """Put back what `capture` returned, into what there is of it here.

        Args:
            saved: What `capture` returned.
            generators: Whether to restore them too, or the statistics alone.
        """
        for name, packed in saved["statistics"].items():
            if name in self._statistics:
                _unpack(*self._statistics[name], packed)
        for name, state in saved["generators"].items() if generators else ():
            rng = _resolve(self.env, self._generators.get(name, ()))
            if isinstance(rng, _GENERATORS):
                _set_state(rng, state)


def _layers(env: gymnasium.Env[Any, Any]) -> Iterator[Any]:
    layer: Any = env
    while isinstance(layer, gymnasium.Wrapper):
        yield layer
        layer = layer.env
    yield layer


def _statistics(env: gymnasium.Env[Any, Any]) -> Iterator[tuple[str, Any, str]]:
    for depth, layer in enumerate(_layers(env)):
        if layer is env.unwrapped:
            return
        kind = type(layer)
        if kind.__module__.startswith("gymnasium.") and kind.__name__ not in _WITH_STATISTICS:
            continue
        for key, value in layer.__dict__.items():
            if _packed(value) is not None:
                yield f"{depth}.{key}", layer, key


def _packed(value: Any) -> Any:
    if isinstance(value, (bool, int, float, np.generic)):
        return value
    if isinstance(value, np.ndarray):
        return value.copy() if value.dtype.kind in "biufc" else None
    if all(hasattr(value, name) for name in ("mean", "var", "count")) and hasattr(value, "__dict__"):
        return {name: _packed(getattr(value, name)) for name in ("mean", "var", "count")}
    return None


def _unpack(layer: Any, key: str, packed: Any) -> None:
    current = getattr(layer, key)
    if isinstance(packed, Mapping):
        for name, value in packed.items():
            _unpack(current, name, value)
    elif isinstance(packed, np.ndarray):
        # As it was, whatever there is now: statistics begin in float32 and go on in float64.
        setattr(layer, key, packed.copy() if packed.ndim else packed[()])
    else:
        setattr(layer, key, packed)


def _generators(env: gymnasium.Env[Any, Any]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    base, seen = env.unwrapped, {id(np.random.mtrand._rand), id(random._inst)}
    waiting: list[tuple[Any, tuple[Any, ...]]] = [(env, ())]
    while waiting and len(seen) < _OBJECTS:
        thing, path = waiting.pop(0)
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, random.SystemRandom):
            continue  # It has no state: what draws from it cannot be brought back.
        if isinstance(thing, _GENERATORS):
            # `reset(seed=...)` makes it anew: it is the one that every episode's seed decides.
            if path[-1] != "_np_random" or thing is not getattr(base, "_np_random", None):
                yield ".".join(map(str, path)), path
            continue
        # The depth counts from the environment, however many wrappers are round it.
        if isinstance(thing, gymnasium.Env):
            depth = 0
        else:
            depth = len(path) - max((n for n, key in enumerate(path) if key == "env"), default=-1) - 1
        if depth < _DEPTH:
            waiting.extend((value, (*path, key)) for key, value in _entries(thing))


def _entries(thing: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(thing, (type, types.ModuleType, types.FunctionType, types.MethodType, np.ndarray, str, bytes)):
        return
    if isinstance(thing, dict):
        items = list(thing.items())
    elif isinstance(thing, (list, tuple)):
        items = list(enumerate(thing))
    else:
        items = list(getattr(thing, "__dict__", {}).items())
        yield from items
        return
    if len(items) <= _ENTRIES:
        yield from ((key, value) for key, value in items if isinstance(key, (str, int)))


def _same(a: Any, b: Any) -> bool:
    return repr(a) == repr(b) if isinstance(a, dict) and not _arrays(a) else False


def _arrays(state: dict[str, Any]) -> bool:
    return any(isinstance(v, np.ndarray) or (isinstance(v, dict) and _arrays(v)) for v in state.values())


def _resolve(thing: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        try:
            thing = thing[key] if isinstance(thing, (dict, list, tuple)) else vars(thing)[key]
        except (KeyError, IndexError, TypeError):
            return None
    return thing


def _state(rng: Any) -> Any:
    if isinstance(rng, np.random.Generator):
        return rng.bit_generator.state
    if isinstance(rng, np.random.RandomState):
        return rng.get_state(legacy=False)
    version, words, gauss = rng.getstate()
    return {"version": version, "words": np.array(words, np.uint64), "gauss": gauss}


def _set_state(rng: Any, state: Any) -> None:
    if isinstance(rng, np.random.Generator):
        rng.bit_generator.state = state
    elif isinstance(rng, np.random.RandomState):
        rng.set_state(state)
    else:
        rng.setstate((int(state["version"]), tuple(int(w) for w in state["words"]), state["gauss"]))
