"""What two agents have in common when one traced program may stand for both."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from agents import spaces


def identity(agent: Any) -> tuple[Any, ...]:
    """Return what agents that compute the same have in common."""
    described = [json.dumps(spaces.to_json(s), sort_keys=True) for s in (agent.observation_space, agent.action_space)]
    return (type(agent), definition(type(agent)), fixed_settings(agent), agent.num_envs, agent.masked, *described)


def definition(kind: type) -> tuple[Any, ...]:
    """Return the functions and values of an agent's own classes themselves, because a class can be given others."""
    ours = ("lab.", "agents.base", "agents.functional", "agents.offline", "abc", "builtins")
    classes = [c for c in kind.__mro__ if not c.__module__.startswith(ours)]
    return tuple(
        (name, value if callable(value) else token(value))
        for c in classes
        for name, value in vars(c).items()
        if callable(value) or not name.startswith(("__", "_abc_"))
    )


def fixed_settings(agent: Any) -> tuple[Any, ...]:
    """Return the settings that are constants of a program, by name."""
    settings = sorted((n, v) for n, v in vars(agent.config).items() if n not in agent.tensor_settings)
    # The network that a user gave is as much a part of what is computed: the very same model or function.
    return (*settings, _The(getattr(agent, "given", None)))


def own_attributes(agent: Any) -> tuple[Any, ...]:
    """Return what an agent keeps beside what its class says, which a traced function may have read as a constant."""
    return tuple((name, token(value)) for name, value in sorted(vars(agent).items()) if name not in agent.kept)


def token(value: Any) -> Hashable:
    """Return what is equal for values that a program may hold as the same constants.

    Variables count by their kind alone: a program that reads one beside its arguments is refused.
    """
    if isinstance(value, (tf.Variable, keras.Variable, keras.Model)):
        return type(value), str(getattr(value, "shape", "")), str(getattr(value, "dtype", ""))
    if isinstance(value, np.ndarray):
        return value.shape, value.dtype.str, value.tobytes() if value.dtype != object else repr(value.tolist())
    if isinstance(value, Mapping):
        return type(value), tuple((repr(key), token(entry)) for key, entry in value.items())
    if isinstance(value, (tuple, list)):
        return type(value), tuple(map(token, value))
    if value is None or isinstance(value, (bool, int, float, str, bytes, np.generic)):
        # By its text, since 1 == True and a NaN is equal to nothing.
        return type(value), repr(value)
    # The object itself, not its id, which another one may have later.
    return value if isinstance(value, Hashable) else _Alone()


class _The:
    """Is equal to what holds the same object."""

    def __init__(self, held: Any) -> None:
        self.held = held

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _The) and self.held is other.held

    def __hash__(self) -> int:
        return id(self.held)


class _Alone:
    """Is equal to nothing else."""
