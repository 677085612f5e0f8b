"""Refuses recorded episodes for agents that learn by acting."""

from __future__ import annotations

from typing import Any, NoReturn

from lab.errors import UsageError
from lab.task import TaskOptions


def refuse_episodes(agent: Any, source: Any, options: TaskOptions) -> NoReturn:
    """Raise `UsageError`: what makes the task of an agent that acts, where the source is recorded episodes."""
    raise UsageError(
        f"{type(agent).__name__} learns by acting; received the recorded episodes {source!r}; expected an environment. "
        "Fix: give it an environment's id, or train an agent that learns from recordings, such as CQL."
    )
