"""Rows drawn by their priorities in host memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from agents.replay.trees.host import SumTree
from lab.errors import CheckpointError
from lab.runs.state_checks import check_value

MOST_BEHIND = 4096


class HostPrioritised:
    """`Prioritised` in NumPy. Errors are taken in after each round of updates.

    Its tree has the priorities of rows that may be drawn, and follows what was written and learnt at the next draw.

    Args:
        settings: The `Prioritised`.
        capacity: Rows of the replay.

    Attributes:
        follows_run: Whether draws depend on how much of the run is over: beta rises with it.
    """

    follows_run = True

    def __init__(self, settings: Any, capacity: int) -> None:
        self.settings = settings
        self.priorities = np.zeros(capacity, np.float32)
        self.highest = 1.0
        self.tree = SumTree(capacity)
        # Rows whose leaves are behind; None for all.
        self.behind: list[np.ndarray] | None = []
        self.range = 0, 0

    def added(self, place: Any) -> None:
        """Take note of rows written at an index."""
        self.priorities[place] = self.highest
        self._changed(np.arange(place.start, place.stop) if isinstance(place, slice) else place)

    def draw(
        self, shape: tuple[int, ...], first: int, size: int, progress: float, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Return rows, int64 `shape`, counted from `first`, and their weights, float32 `shape`."""
        self._follow(first, size)
        total, number = self.tree.total, shape[-1]
        # One draw from each of B equal parts of the total (appendix B.2.1).
        at = (np.arange(number) + rng.random(shape)) / number * total
        rows = self.tree.find(at.ravel()).reshape(shape)
        beta = self.settings.beta + (1.0 - self.settings.beta) * progress
        weights = np.power(size * self.priorities[rows].astype(np.float64) / total, -beta)
        return (rows - first) % len(self.priorities), (weights / weights.max(axis=-1, keepdims=True)).astype(np.float32)

    def updated(self, indices: np.ndarray, errors: np.ndarray) -> None:
        """Take note of how wrong the agent was, float32, about rows of the same shape."""
        new = np.power(np.abs(errors) + self.settings.epsilon, self.settings.alpha).astype(np.float32)
        self.priorities[indices] = new
        self.highest = max(self.highest, float(new.max()))
        self._changed(indices.ravel())

    def _changed(self, rows: np.ndarray) -> None:
        if self.behind is not None:
            self.behind.append(rows)
            if len(self.behind) > MOST_BEHIND:
                # Such as of all steps before the first draw.
                self.behind = None

    def _follow(self, first: int, size: int) -> None:
        """Let the tree have the priorities of `size` rows from `first` on, counted round the end, and no others."""
        capacity, (old_first, old_size) = len(self.priorities), self.range
        # Rows that may be drawn no longer, and those that now may.
        left, came = (first - old_first) % capacity, (first + size - old_first - old_size) % capacity
        self.range = first, size
        if self.behind is None or left > old_size or old_size - left + came != size:
            shown = (np.arange(capacity) - first) % capacity < size
            self.tree.leaves[:] = np.where(shown, self.priorities, 0.0)
            self.tree.build()
        else:
            gone, new = (old_first + np.arange(left)) % capacity, (old_first + old_size + np.arange(came)) % capacity
            changed = np.concatenate([gone, new, *self.behind])
            if len(changed):
                still = (changed - first) % capacity < size
                self.tree.put(changed, np.where(still, self.priorities[changed], np.float32(0.0)))
        self.behind = []

    def get_state(self) -> dict[str, Any]:
        """Return the priorities and the highest so far."""
        return {"priorities": self.priorities.copy(), "highest": self.highest}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Restore what `get_state` returned."""
        check_value(self.priorities, state["priorities"], "Prioritised.priorities")
        check_value(self.highest, state["highest"], "Prioritised.highest")
        if not (np.isfinite(state["priorities"]).all() and state["priorities"].min() >= 0):
            raise CheckpointError("the checkpoint's priorities are not finite numbers >= 0.")
        self.priorities[...] = state["priorities"]
        self.highest = float(state["highest"])
        self.behind = None
