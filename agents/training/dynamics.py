"""The dynamics of a source as TensorFlow functions, where it has them, and why where it has none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import gymnasium
from gymnasium.spaces import Box
from gymnasium.wrappers import FrameStackObservation, OrderEnforcing, PassiveEnvChecker, TimeLimit

from agents.training.environments import EnvironmentSource

if TYPE_CHECKING:
    from envs.tensor import TensorEnv


class Dynamics(NamedTuple):
    """What the compiled lane knows of a source.

    Attributes:
        env: The dynamics with their time limit, or None.
        counterpart: The id of the counterpart that stands in for a Gymnasium environment, or empty.
        reason: Why there are none, or where they are from.
        slower: Whether they would be there but for how the environment is used, such as a wrapper.
    """

    env: TensorEnv | None
    counterpart: str
    reason: str
    slower: bool = False


def find(source: EnvironmentSource, given: Any) -> Dynamics:
    """Return the TensorFlow dynamics of a source, if it has them."""
    if source.kind == "vector environment":
        return Dynamics(None, "", "a vector environment steps as its user made it")
    example = source.instances[0] if source.instances else source.make()
    try:
        dynamics = _of(example)
        if dynamics.env is None and isinstance(given, str):
            return _of_counterpart(given, example) or dynamics
        return dynamics
    finally:
        if not source.instances:
            example.close()


def _of(env: gymnasium.Env[Any, Any]) -> Dynamics:
    limits, stacks = list[int](), list[int]()
    layer: Any = env
    while isinstance(layer, gymnasium.Wrapper):
        if isinstance(layer, TimeLimit):
            limits.append(int(layer._max_episode_steps))
        elif _stacks(layer):
            stacks.append(int(getattr(layer, "stack_size")))  # noqa: B009
        elif not isinstance(layer, (OrderEnforcing, PassiveEnvChecker)):
            compiled = hasattr(env.unwrapped, "tensor_env")
            return Dynamics(None, "", f"the wrapper {type(layer).__name__} steps in Python", compiled)
        layer = layer.env
    dynamics = getattr(layer, "tensor_env", None)
    if dynamics is None:
        return Dynamics(None, "", f"the dynamics of {type(layer).__name__} are Python")
    if not limits:
        return Dynamics(None, "", "the environment has no time limit, so a compiled evaluation might never end", True)
    from envs.tensor import Stacked
    from envs.tensor import TimeLimit as TensorTimeLimit

    name = type(dynamics).__name__
    for number in reversed(stacks):
        dynamics = Stacked(dynamics, number)
    return Dynamics(TensorTimeLimit(dynamics, min(limits)), "", f"{name} is a TensorEnv")


def _stacks(layer: Any) -> bool:
    """Tell whether a wrapper gives the last observations, and `Stacked` does just that."""
    if not isinstance(layer, FrameStackObservation) or not isinstance(layer.env.observation_space, Box):
        return False
    return bool(layer.stack_size > 1 and layer.padding_type == "reset")


def _of_counterpart(name: str, example: gymnasium.Env[Any, Any]) -> Dynamics | None:
    spec, counterpart = example.spec, f"lab/{name}"
    if spec is None or spec.kwargs or counterpart not in gymnasium.registry or not _is_gymnasiums(example):
        return None
    env = gymnasium.make(counterpart, disable_env_checker=True)
    try:
        dynamics = _of(env)
        if dynamics.env is None or getattr(env.unwrapped, "tensor_env").counterpart_of != name:  # noqa: B009
            return None
        if dynamics.env.max_episode_steps != spec.max_episode_steps:
            return None
        return dynamics._replace(counterpart=counterpart, reason=f"{counterpart} has proven parity with {name}")
    finally:
        env.close()


def _is_gymnasiums(env: gymnasium.Env[Any, Any]) -> bool:
    # Another package may have registered an environment of its own under the same id.
    return type(env.unwrapped).__module__.startswith("gymnasium.envs.")
