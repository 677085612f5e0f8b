"""Draws the batches that offline agents learn from."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from agents.episodes import Episodes
from agents.episodes.files.columns import rows_of
from agents.transitions import Batch


class ActionBatch(NamedTuple):
    """What was seen and what was then done.

    Attributes:
        observation: (B, ...) in the dtype of the recording.
        action: int32 (B,) for Discrete spaces, else float32 (B, ...).
    """

    observation: np.ndarray
    action: np.ndarray


class Rows:
    """Draws rows uniformly with replacement.

    Args:
        episodes: The recording.
        batch_size: Rows a batch.
        chosen: Numbers of the episodes to draw from; None for all.
    """

    def __init__(self, episodes: Episodes, batch_size: int, chosen: np.ndarray | None = None) -> None:
        self.episodes, self.batch_size = episodes, batch_size
        self.rows: np.ndarray | None = None
        if chosen is not None:
            self.rows = rows_of(episodes.starts[chosen], episodes.lengths[chosen])

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Return the rows of one batch, int64 (B,)."""
        number = self.episodes.steps if self.rows is None else len(self.rows)
        places = rng.integers(number, size=self.batch_size)
        return places if self.rows is None else self.rows[places]

    def actions(self, rows: np.ndarray) -> np.ndarray:
        """Return the actions of rows, int32 for whole numbers and else float32."""
        actions = self.episodes.actions[rows]
        return actions.astype(np.int32 if actions.dtype.kind in "iu" else np.float32)


class Actions(Rows):
    """Batches of what was seen and what was then done."""

    def __call__(self, rng: np.random.Generator) -> ActionBatch:
        rows = self.draw(rng)
        return ActionBatch(self.episodes.observations[rows], self.actions(rows))


class Transitions(Rows):
    """Batches of transitions one step long, with a discount of 1, and 0 where the task terminated."""

    def __call__(self, rng: np.random.Generator) -> Batch:
        episodes, rows = self.episodes, self.draw(rng)
        return Batch(
            episodes.observations[rows],
            self.actions(rows),
            episodes.rewards[rows].astype(np.float32),
            1.0 - episodes.last_terminated(rows).astype(np.float32),
            episodes.next_observations(rows),
        )
