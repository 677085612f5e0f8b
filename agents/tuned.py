"""Settings of agents per environment, from the readable file beside this one, `tuned.toml`."""

from __future__ import annotations

import dataclasses
import functools
import tomllib
from importlib.resources import files
from typing import Any

from lab.errors import UsageError


@dataclasses.dataclass(frozen=True)
class Tuned:
    """What an agent learns an environment with.

    Attributes:
        steps: Environment steps in all.
        num_envs: Environments that step together.
        settings: Of the agent, by name; the others are its defaults.
    """

    steps: int
    num_envs: int
    settings: dict[str, Any]


def tuned(agent: str, environment: str) -> Tuned:
    """Return the settings of an agent for an environment.

    Args:
        agent: Its name for the `lab` command, such as `ppo`.
        environment: Its id, such as `LunarLander-v3`.

    Raises:
        UsageError: Where there are none, with those that there are.
    """
    known = _all().get(agent, {})
    if environment not in known:
        there = f"there are some for {', '.join(known)}" if known else f"there are some of {', '.join(_all())}"
        raise UsageError(f"there are no tuned settings of {agent} for {environment!r}; {there}. Fix: the defaults.")
    rest = dict(known[environment])
    return Tuned(rest.pop("steps"), rest.pop("num_envs", 1), rest)


@functools.cache
def _all() -> dict[str, dict[str, dict[str, Any]]]:
    return tomllib.loads(files("agents").joinpath("tuned.toml").read_text("utf-8"))
