"""Chooses the lane in which an agent trains, and says why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import gymnasium
from gymnasium.wrappers import OrderEnforcing, PassiveEnvChecker, TimeLimit

from agents.base import Agent
from agents.functional import FunctionalAgent
from agents.training.environments import EnvironmentSource
from lab.errors import UsageError
from lab.messages.notes import note
from lab.task import Task, TaskOptions

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


def make_task(agent: Agent, source: Any, options: TaskOptions) -> Task:
    """Build an agent for a source and return the task of the lane it trains in.

    Raises:
        UsageError: When the compiled lane is asked for and cannot be had; the message says what is in the way.
    """
    from agents.training.host import InteractionTask

    found = EnvironmentSource(source)
    if options.lane == "host":
        if "host" not in getattr(agent, "lanes", ("host",)):
            raise UsageError(f"lane received 'host', but {type(agent).__name__}.lanes has {agent.lanes}.")  # type: ignore[attr-defined]
        return InteractionTask(agent, found, options, "it was asked for")
    why = reason_against(agent)
    # Where there is no hope, an environment is not made only to say more.
    dynamics = Dynamics(None, "", why) if why and not isinstance(source, str) else find(found, source)
    if dynamics.env is None or why:
        reason = why or dynamics.reason
        if options.lane == "compiled":
            raise UsageError(
                f"lane received 'compiled', but {reason}. Fix: lane='auto' or 'host', or an agent whose rule is pure "
                "functions (agents.FunctionalAgent) in an environment whose dynamics are TensorFlow functions "
                "(envs.tensor)."
            )
        slower = (dynamics.env is not None and agent.learns) or (not why and dynamics.slower)
        if slower:
            # Said, since somebody may wait several times as long as need be.
            note(f"{type(agent).__name__} trains in the host lane, the slower one: {reason}.")
        return InteractionTask(agent, found, options, reason)
    from agents.training.compiled import CompiledTask

    return CompiledTask(agent, found, dynamics, options)  # type: ignore[arg-type]


def reason_against(agent: Agent) -> str:
    """Return why an agent cannot train in the compiled lane; empty if it can."""
    kind = type(agent)
    if not isinstance(agent, FunctionalAgent):
        return f"{kind.__name__} acts and learns in Python: its rule is no pure function (agents.FunctionalAgent)"
    if "compiled" not in agent.lanes:
        return f"{kind.__name__} says that it trains in the host lane: lanes = {agent.lanes}"
    return ""


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
    limits: list[int] = []
    layer: Any = env
    while isinstance(layer, gymnasium.Wrapper):
        if isinstance(layer, TimeLimit):
            limits.append(int(layer._max_episode_steps))
        elif not isinstance(layer, (OrderEnforcing, PassiveEnvChecker)):
            compiled = hasattr(env.unwrapped, "tensor_env")
            return Dynamics(None, "", f"the wrapper {type(layer).__name__} steps in Python", compiled)
        layer = layer.env
    dynamics = getattr(layer, "tensor_env", None)
    if dynamics is None:
        return Dynamics(None, "", f"the dynamics of {type(layer).__name__} are Python")
    if not limits:
        return Dynamics(None, "", "the environment has no time limit, so a compiled evaluation might never end", True)
    from envs.tensor import TimeLimit as TensorTimeLimit

    return Dynamics(TensorTimeLimit(dynamics, min(limits)), "", f"{type(dynamics).__name__} is a TensorEnv")


def _of_counterpart(name: str, example: gymnasium.Env[Any, Any]) -> Dynamics | None:
    spec, counterpart = example.spec, f"lab/{name}"
    if spec is None or spec.kwargs or counterpart not in gymnasium.registry or not _is_gymnasiums(example):
        return None
    env = gymnasium.make(counterpart, disable_env_checker=True)
    try:
        dynamics = _of(env)
        if dynamics.env is None or getattr(env.unwrapped, "tensor_env").twin_of != name:  # noqa: B009
            return None
        if dynamics.env.max_episode_steps != spec.max_episode_steps:
            return None
        return dynamics._replace(counterpart=counterpart, reason=f"{counterpart} has proven parity with {name}")
    finally:
        env.close()


def _is_gymnasiums(env: gymnasium.Env[Any, Any]) -> bool:
    # Another package may have registered an environment of its own under the same id.
    return type(env.unwrapped).__module__.startswith("gymnasium.envs.")
