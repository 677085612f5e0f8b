"""Refuses recorded episodes for agents that learn by acting, and says which masks are not heeded."""

from __future__ import annotations

from typing import Any, NoReturn

from lab.errors import UsageError
from lab.messages.notes import note
from lab.task import TaskOptions


def refuse_episodes(agent: Any, source: Any, options: TaskOptions) -> NoReturn:
    """Raise `UsageError`: what makes the task of an agent that acts, where the source is recorded episodes."""
    raise UsageError(
        f"{type(agent).__name__} learns by acting; received the recorded episodes {source!r}; expected an environment. "
        "Fix: give it an environment's id, or train an agent that learns from recordings, such as CQL."
    )


def say_ignored(agent: Any) -> None:
    """Say once that an agent does not heed the masks that its environment gives, unless that was asked for."""
    if getattr(agent.config, "action_mask", False) or getattr(agent.config, "action_masks", None) is not None:
        return
    note(
        f"{type(agent).__name__} does not heed info['action_mask'], which the environment gives. Fix: DQN or "
        "QLearning, which do; or for PPO and its kin envs.ActionMask(env) with action_mask=True."
    )
