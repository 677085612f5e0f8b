"""Uniform experience replay (Lin 1992; Mnih et al. 2015) in host memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from agents.base import Transition
from lab.errors import CheckpointError, bad_value
from lab.runs.state_checks import check_value, restore_generator


class ReplayBatch(NamedTuple):
    """Sampled transitions; the leading axes are those asked for.

    Attributes:
        observation, next_observation: (..., *shape) in the dtype they were stored in.
        action: int32 (...) for Discrete spaces.
        reward: float32 (...).
        terminated: float32 (...), 1 where the task ended; a truncated episode has 0 here and bootstraps.
    """

    observation: np.ndarray
    action: np.ndarray
    reward: np.ndarray
    terminated: np.ndarray
    next_observation: np.ndarray


class Replay:
    """A ring of transitions; the oldest make room for the newest.

    Args:
        capacity: Transitions kept.
        observation_shape, observation_dtype: Of one observation.
        action_shape, action_dtype: Of one action.
        rng: Draws the samples.
    """

    def __init__(
        self,
        capacity: int,
        observation_shape: tuple[int, ...],
        observation_dtype: np.dtype[Any],
        rng: np.random.Generator,
        action_shape: tuple[int, ...] = (),
        action_dtype: Any = np.int32,
    ) -> None:
        self.capacity = capacity
        self.rng = rng
        self.size = 0
        self.cursor = 0
        # np.zeros takes memory only as rows are written, so a large capacity costs nothing at first.
        try:
            self.rows = ReplayBatch(
                np.zeros((capacity, *observation_shape), observation_dtype),
                np.zeros((capacity, *action_shape), action_dtype),
                np.zeros(capacity, np.float32),
                np.zeros(capacity, np.float32),
                np.zeros((capacity, *observation_shape), observation_dtype),
            )
        except (MemoryError, ValueError, OverflowError) as error:
            expected = (
                f"transitions of observations {observation_dtype} {observation_shape} that fit in memory ({error})"
            )
            raise bad_value("Replay", "replay_capacity", capacity, expected) from error

    def __len__(self) -> int:
        return self.size

    def add(self, transition: Transition) -> None:
        """Store one step of n environments, n <= capacity."""
        t = transition
        number, start = len(t.reward), self.cursor
        place: Any = slice(start, start + number)
        if start + number > self.capacity:
            place = np.arange(start, start + number) % self.capacity
        rows = self.rows
        rows.observation[place] = t.observation
        rows.action[place] = t.action
        rows.reward[place] = t.reward
        rows.terminated[place] = t.terminated
        rows.next_observation[place] = t.next_observation
        self.cursor = (start + number) % self.capacity
        self.size = min(self.size + number, self.capacity)

    def sample(self, *shape: int) -> ReplayBatch:
        """Draw transitions uniformly with replacement; the fields get the leading axes `shape`."""
        indices = self.rng.integers(self.size, size=shape)
        return ReplayBatch(*(rows.take(indices, axis=0) for rows in self.rows))

    def get_state(self) -> dict[str, Any]:
        """Return the filled rows, the cursor and the generator's state."""
        rows = {name: rows[: self.size].copy() for name, rows in zip(ReplayBatch._fields, self.rows, strict=True)}
        return {"rows": rows, "cursor": self.cursor, "random_state": self.rng.bit_generator.state}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Restore what `get_state` returned."""
        columns, cursor = state["rows"], state["cursor"]
        size = len(columns["reward"])
        if size > self.capacity:
            raise CheckpointError(f"the checkpoint's replay holds {size} rows; this one has room for {self.capacity}.")
        for name, rows in zip(ReplayBatch._fields, self.rows, strict=True):
            check_value(rows[:size], columns[name], f"Replay.{name}")
        # Before the ring is full, the next row follows the last one.
        if type(cursor) is not int or not 0 <= cursor < self.capacity or (size < self.capacity and cursor != size):
            raise CheckpointError(f"the checkpoint's replay of {size} rows goes on at row {cursor!r:.40}.")
        restore_generator(self.rng, state["random_state"], "Replay.rng")
        for name, rows in zip(ReplayBatch._fields, self.rows, strict=True):
            rows[:size] = columns[name]
        self.size, self.cursor = size, cursor
