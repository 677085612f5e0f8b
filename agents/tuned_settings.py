"""Settings of agents per environment, from the readable file beside this one, `tuned_settings.toml`."""

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

    def __str__(self) -> str:
        named = {"steps": self.steps, "num_envs": self.num_envs, **self.settings}
        return ", ".join(f"{name}={value}" for name, value in named.items())


def tuned(agent: str, environment: str) -> Tuned:
    """Return the settings of an agent for an environment.

    Args:
        agent: Its name for the `lab` command, such as `ppo`.
        environment: Its id, such as `LunarLander-v3`.

    Raises:
        UsageError: Where there are none, with those that there are.
    """
    there = known().get(agent, {})
    if environment not in there:
        offered = f"there are some for {', '.join(there)}" if there else f"there are some of {', '.join(known())}"
        raise UsageError(f"there are no tuned settings of {agent} for {environment!r}; {offered}. Fix: the defaults.")
    rest = dict(there[environment])
    return Tuned(rest.pop("steps"), rest.pop("num_envs", 1), rest)


@functools.cache
def known() -> dict[str, dict[str, dict[str, Any]]]:
    """Return all there are, by agent and environment."""
    return tomllib.loads(files("agents").joinpath("tuned_settings.toml").read_text("utf-8"))
