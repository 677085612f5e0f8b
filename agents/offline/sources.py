"""Opens what an offline agent is given, and finds the environment to evaluate it in."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import gymnasium

from agents.environment_ids import named_id
from agents.episodes import Episodes
from agents.training.environments import EnvironmentSource
from lab.errors import UnconfirmedSource, UsageError

SUFFIX = ".npz"


def are_episodes(source: Any) -> bool:
    """Return whether a source is recorded episodes or the name of a file of them."""
    named = isinstance(source, (str, os.PathLike)) and Path(source).suffix == SUFFIX
    return named or isinstance(source, Episodes)


def open_episodes(learner: str, source: Any) -> Episodes:
    """Return the recorded episodes that a source is or names.

    Args:
        learner: Who asks, for messages.
        source: `Episodes`, or the path of a file of them.

    Raises:
        UsageError: When it is anything else.
    """
    if isinstance(source, Episodes):
        return source
    if are_episodes(source):
        return Episodes.load(source)
    raise UsageError(
        f"{learner} learns from recorded episodes; received the source {source!r}; expected Episodes or the path of an "
        f".npz file. Fix: record some with `lab record RUN -o FILE.npz`, or give the environment to an agent that acts."
    )


def environment_of(episodes: Episodes) -> tuple[EnvironmentSource, gymnasium.Env[Any, Any]]:
    """Return where the episodes' environment is made, and one of it.

    Raises:
        UsageError: When it has other spaces than the episodes, or is not registered here.
    """
    named: Any = episodes.environment
    if isinstance(named, str):
        named = _registered(named)
    source = EnvironmentSource(named or (lambda: Unplayable(episodes)))
    source.check_separate()
    source.kind = "episodes"
    example = source.make()
    pairs = {name: getattr(episodes, name) for name in ("observation_space", "action_space")}
    for name, space in pairs.items():
        if getattr(example, name) != space:
            raise UsageError(
                f"the episodes are from another environment: their {name} is {space}; that of {episodes.environment} "
                f"is {getattr(example, name)}. Fix: give episodes.with_environment(...) the environment they are from."
            )
    return source, example


def _registered(name: str) -> str:
    # The name comes from the file: with whoever wrote it, it is not the user's word.
    try:
        return named_id(name)
    except UnconfirmedSource as why:
        raise UnconfirmedSource(
            f"the episodes name the environment {name!r}, which {why} "
            "Fix: that, or episodes.with_environment(lambda: MyEnv())."
        ) from why


class Unplayable(gymnasium.Env[Any, Any]):
    """Stands in where episodes name no environment: agents can be trained on them, but not evaluated or shown."""

    metadata = {"render_modes": ["rgb_array"]}  # noqa: RUF012 - Gymnasium's own attribute

    def __init__(self, episodes: Episodes) -> None:
        self.observation_space, self.action_space = episodes.observation_space, episodes.action_space

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        raise UsageError(
            "the episodes name no environment, so nobody can be evaluated or shown in it. Fix: give the factory of "
            "it: episodes.with_environment(lambda: MyEnv()), or record with an environment id."
        )

    def step(self, action: Any) -> Any:
        return self.reset()
