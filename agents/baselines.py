"""The baseline every report shows: an agent that acts at random."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from gymnasium.spaces import Box, Discrete, MultiBinary, MultiDiscrete

from agents.base import Agent
from agents.spaces import draw
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
