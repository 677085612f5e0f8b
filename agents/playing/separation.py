"""Whether environments are separate: no object, and no simulator, may be shared between them."""

from __future__ import annotations

import types
import weakref
from collections.abc import Iterator
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete, MultiBinary, MultiDiscrete

from agents.playing.checks import Checked
from agents.playing.wrappers import layers, name_of
from agents.spaces import draw
from lab.errors import UsageError

STEPS = 12
_PLAIN = (
    type(None), bool, int, float, complex, str, bytes, tuple, frozenset, type, np.generic, np.dtype, gymnasium.Space,
    types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.MethodType,
)  # fmt: skip


class Made:
    """Remembers the living environments that came from one source, to tell when one comes again."""

    def __init__(self) -> None:
        self._layers: list[weakref.ref[Any]] = []

    def add(self, env: gymnasium.Env[Any, Any]) -> None:
        """Take note of an environment.

        Raises:
            UsageError: When it, or one that it wraps, has come before and is still in use.
        """
        living = [layer for layer in (ref() for ref in self._layers) if layer is not None]
        for layer in layers(env):
            if any(layer is other for other in living):
                raise UsageError(
                    f"the source made {name_of(env)} twice and returned the same {type(layer).__name__} object both "
                    "times; expected a new one at each call, as training and evaluation must not share one. "
                    "Fix: construct it inside the factory: lambda: MyEnv()."
                )
        self._layers = [weakref.ref(layer) for layer in (*living, *layers(env))]


def shared_objects(first: gymnasium.Env[Any, Any], second: gymnasium.Env[Any, Any]) -> list[str]:
    """Return the names of attributes that hold one mutable object in both environments."""
    held = {id(value) for _, value in _held(first)}
    return [name for name, value in _held(second) if id(value) in held]


def _held(env: gymnasium.Env[Any, Any]) -> Iterator[tuple[str, Any]]:
    for layer in layers(env):
        for name, value in vars(layer).items():
            inner = name in ("env", "spec", "metadata", "_metadata", "tensor_env") or callable(value)
            if not inner and not isinstance(value, (*_PLAIN, gymnasium.Env)):
                yield f"{type(layer).__name__}.{name}", value


def check_separate(first: gymnasium.Env[Any, Any], second: gymnasium.Env[Any, Any], how: str) -> None:
    """Step two environments in turns and see whether either changes what the other gives.

    Args:
        first, second: Environments that nobody else uses; both are stepped.
        how: Where they are from, for the message.

    Raises:
        UsageError: When they share a simulator.
    """
    if not isinstance(first.action_space, (Box, Discrete, MultiBinary, MultiDiscrete)):
        return
    alone = _played(second)
    if alone != _played(second):
        # It draws random numbers that no seed decides, so comparing says nothing.
        return
    if _played(second, beside=first) != alone:
        shared = shared_objects(first, second)
        named = f" ({', '.join(shared)})" if shared else ""
        raise UsageError(
            f"two environments {name_of(second)} {how} share a simulator{named}: stepping one changes what the other "
            "gives; expected separate ones, for training and evaluation. Fix: pass a factory that constructs all of it "
            "anew: lambda: MyEnv(...)."
        )


def _played(env: gymnasium.Env[Any, Any], beside: gymnasium.Env[Any, Any] | None = None) -> list[Any]:
    rng, space = np.random.default_rng(0), env.action_space
    unbounded = isinstance(space, Box) and not space.is_bounded()
    env = Checked(env)
    given: list[Any] = [np.asarray(env.reset(seed=1)[0]).tobytes()]
    if beside is not None:
        beside.reset(seed=2)
    for _ in range(STEPS):
        pair = np.zeros((2, *space.shape), space.dtype) if unbounded else draw(space, 2, rng)  # type: ignore[misc]
        if isinstance(space, Discrete):
            pair = pair + space.start
        if beside is not None and any(beside.step(pair[1])[2:4]):
            beside.reset(seed=3)
        observation, reward, terminated, truncated, _ = env.step(pair[0])
        given.append((np.asarray(observation).tobytes(), reward, terminated, truncated))
        if terminated or truncated:
            break
    return given
