"""The baseline every report shows: an agent that acts at random."""

from __future__ import annotations

from typing import ClassVar

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete, MultiBinary, MultiDiscrete

from agents.base import Agent
from lab.errors import UsageError


class Random(Agent):
    """Draws every action uniformly from the action space, whatever it sees."""

    default_steps: ClassVar[int] = 10_000
    learns: ClassVar[bool] = False

    def check_spaces(self) -> None:
        space = self.action_space
        if isinstance(space, Box) and not space.is_bounded():
            raise UsageError(f"Random cannot draw uniformly from {space}, which has no bounds. Fix: bound the space.")
        if not isinstance(space, (Box, Discrete, MultiDiscrete, MultiBinary)):
            raise UsageError(f"Random received the action space {space}; expected Box, Discrete or MultiDiscrete.")

    def build(self) -> None:
        self.rng = self.seeds.generator("exploration")

    def act_batch(self, observations: np.ndarray, explore: bool = False) -> np.ndarray:
        return draw(self.action_space, len(observations), self.rng if explore else self.evaluation_rng)


def draw(space: gymnasium.Space, number: int, rng: np.random.Generator) -> np.ndarray:
    """Draw actions uniformly, (number, ...); for Discrete spaces int64 indices from 0."""
    if isinstance(space, Discrete):
        return rng.integers(int(space.n), size=number)
    if isinstance(space, MultiDiscrete):
        return space.start + rng.integers(space.nvec, size=(number, *space.shape))
    if isinstance(space, Box):
        drawn = rng.uniform(space.low, space.high, (number, *space.shape))
        return drawn.astype(space.dtype)
    return rng.integers(2, size=(number, *(space.shape or ()))).astype(np.int8)
