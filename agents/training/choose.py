"""Chooses the lane in which an agent trains, and says why."""

from __future__ import annotations

from typing import Any

from agents.base import Agent
from agents.functional import FunctionalAgent
from agents.training.dynamics import Dynamics, find
from agents.training.environments import EnvironmentSource
from lab.errors import UsageError
from lab.messages.notes import note
from lab.task import Task, TaskOptions


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
