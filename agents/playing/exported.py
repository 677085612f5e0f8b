"""Plays through a function in an agent's place, and keeps what an agent saw: what exported files are measured by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from agents.base import Agent


class ActingThrough(Agent):
    """Acts as an agent would on the outputs of a function, such as an exported file's.

    Args:
        agent: A built agent that says what outputs mean.
        call: From observations (n, ...) to arrays (n, ...) by the names of the outputs.
    """

    # Named here, so that it is not registered as an agent to train.
    group: ClassVar[str] = "lab.agents"
    learns: ClassVar[bool] = False

    def __init__(self, agent: Agent, call: Callable[..., dict[str, np.ndarray]]) -> None:
        super().__init__()
        self.agent, self.call = agent, call

    @property
    def honours_masks(self) -> bool:
        return self.agent.honours_masks

    def allow(self, masks: np.ndarray | None) -> None:
        self.agent.allow(masks)

    def act_batch(self, observations: np.ndarray, explore: bool = False) -> np.ndarray:
        return self.agent.actions_of(self.call(observations=observations))


class Seen:
    """Keeps some of the observations of episodes, each with the same probability (Vitter 1985, algorithm R).

    Args:
        number: How many at most.
        rng: Of the choice.

    Attributes:
        rows: What is kept.
    """

    def __init__(self, number: int, rng: np.random.Generator) -> None:
        self.number, self.rng = number, rng
        self.rows: list[np.ndarray] = []
        self.met = 0

    def watch(self, episode: int, observation: np.ndarray, *_: Any) -> None:
        """Take note of a step: see `agents.playing.rollout.play`."""
        self.met += 1
        place = len(self.rows) if len(self.rows) < self.number else int(self.rng.integers(self.met))
        if place == len(self.rows) < self.number:
            self.rows.append(np.array(observation))
        elif place < self.number:
            self.rows[place] = np.array(observation)
