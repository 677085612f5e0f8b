"""What an update of an offline actor-critic is given."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from gymnasium.spaces import Box

from agents.episodes import Episodes
from agents.offline import Transitions
from agents.transitions import Batch


class Draw(NamedTuple):
    """One update's transitions and its random numbers.

    Attributes:
        batch: Of B rows, with a discount of 1, and 0 where the task terminated.
        key: uint32 (2,), for whatever the update draws; see `envs.random`.
    """

    batch: Batch
    key: np.ndarray


class Draws(Transitions):
    """Draws transitions, and a key from the same stream, so that resumed updates draw what they would have.

    Actions beyond a Box's bounds are cut off there, as the environment did when it took them.
    """

    def __init__(self, episodes: Episodes, batch_size: int) -> None:
        super().__init__(episodes, batch_size)
        self.space = episodes.action_space

    def __call__(self, rng: np.random.Generator) -> Draw:  # type: ignore[override]
        batch = super().__call__(rng)
        return Draw(batch, rng.integers(1 << 32, size=2, dtype=np.uint32))

    def actions(self, rows: np.ndarray) -> np.ndarray:
        found = super().actions(rows)
        if isinstance(self.space, Box):
            found = np.clip(found, self.space.low.astype(np.float32), self.space.high.astype(np.float32))
        return found
