"""What functional agents do where they go on in other environments than before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from agents.functional.remembered import Remembered
from lab.errors import UsageError

if TYPE_CHECKING:
    from agents.functional.host import HostRule


class Moving:
    """Keeps what was learnt, and tells past transitions and remembered episodes apart from those to come."""

    num_envs: int
    memory: Any
    remembers: Remembered
    host: HostRule | None

    def resize(self, number: int) -> None:
        self.settle()
        before, memory = self.num_envs, self.memory
        super().resize(number)  # type: ignore[misc]
        try:
            # A memory that does not say how holds steps one by one, whosever they are.
            self.memory = memory.resized(self) if hasattr(memory, "resized") else memory
        except UsageError:
            self.num_envs = before
            raise
        self.host, self.remembers = None, Remembered(self.remembers.shapes, number)

    def leave_episodes(self, rows: np.ndarray) -> None:
        if hasattr(self.memory, "leave"):
            self.memory.leave(rows)
        self.remembers.forget(np.isin(np.arange(self.num_envs), rows))

    def settle(self) -> None:
        """Let the variables hold what the host lane's calls have learnt so far."""
        if self.host is not None:
            self.host.settle()
