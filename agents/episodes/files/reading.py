"""The arrays of recorded episodes, and how to read steps and episodes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np

from agents.episodes.files.card import Card
from agents.episodes.files.columns import Columns, Episode, starts_of


class Recording:
    """The part of `Episodes` that is read from; see there for its attributes."""

    def __init__(
        self,
        card: Card,
        parts: Columns,
        path: Path | None = None,
        environment: Callable[..., gymnasium.Env[Any, Any]] | str | None = None,
    ) -> None:
        self._card = card
        self.columns = parts
        self.path = path
        self.environment = card.environment if environment is None else environment
        self.observation_space, self.action_space = card.spaces()
        self.observations, self.final_observations = parts.observations, parts.final_observations
        self.actions, self.rewards, self.lengths = parts.actions, parts.rewards, parts.lengths
        self.terminated, self.truncated, self.returns = parts.terminated, parts.truncated, parts.returns
        self.starts = starts_of(parts.lengths)

    @property
    def steps(self) -> int:
        """Steps of all episodes."""
        return len(self.rewards)

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, index: int) -> Episode:
        i = range(len(self))[index]
        rows = slice(self.starts[i], self.starts[i] + self.lengths[i])
        seen = np.concatenate([self.observations[rows], self.final_observations[i : i + 1]])
        ends = bool(self.terminated[i]), bool(self.truncated[i])
        return Episode(seen, self.actions[rows], self.rewards[rows], *ends)

    def __iter__(self) -> Iterator[Episode]:
        return (self[i] for i in range(len(self)))

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays by name, as `Columns` has them, with `starts`, int64 (E,); they are the episodes' own."""
        return {**self.columns._asdict(), "starts": self.starts}

    def episode_of(self, rows: np.ndarray) -> np.ndarray:
        """Return the episode that each row belongs to, int64 (n,), of rows int64 (n,)."""
        return np.searchsorted(self.starts, rows, side="right") - 1

    def next_observations(self, rows: Any = None) -> np.ndarray:
        """Return what truly followed the action of each row, at an episode's end its final observation.

        Args:
            rows: Whole numbers (n,); None for all rows.

        Returns:
            (n, ...) in the dtype of the recorded observations.
        """
        rows = np.arange(self.steps) if rows is None else np.asarray(rows)
        following = self.observations[np.minimum(rows + 1, self.steps - 1)]
        episode = self.episode_of(rows)
        last = rows + 1 == self.starts[episode] + self.lengths[episode]
        following[last] = self.final_observations[episode[last]]
        return following

    def last_terminated(self, rows: np.ndarray) -> np.ndarray:
        """Return whether the action of each row, int64 (n,), ended the task itself, bool (n,); truncation does not."""
        episode = self.episode_of(rows)
        return self.terminated[episode] & (rows + 1 == self.starts[episode] + self.lengths[episode])
