"""How long a run has trained, alone or side by side with others."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager


class Turns:
    """The part of the clock's time that one of several runs takes.

    What runs do as a batch is parted evenly among them, what a run does alone is its own, so that the parts of all add
    up to what the clock shows for the whole.

    Args:
        runs: How many are trained together.
    """

    def __init__(self, runs: int) -> None:
        self.runs = runs
        self.banked = 0.0
        self.since: float | None = None

    def seconds(self) -> float:
        """Return this run's part so far."""
        return self.banked + (0.0 if self.since is None else time.perf_counter() - self.since)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Count the time within as this run's own."""
        self.since = time.perf_counter()
        try:
            yield
        finally:
            self.banked, self.since = self.seconds(), None


@contextmanager
def parted(turns: Sequence[Turns]) -> Iterator[None]:
    """Part the time within evenly."""
    began = time.perf_counter()
    try:
        yield
    finally:
        part = (time.perf_counter() - began) / len(turns)
        for each in turns:
            each.banked += part


class Clock:
    """Seconds of training, over all the processes that a run had; it stands still outside training.

    Attributes:
        turns: The run's part of the time, while it is trained together with others.
    """

    def __init__(self) -> None:
        self.turns: Turns | None = None
        self._banked = 0.0
        self._since: float | None = None

    @property
    def runs(self) -> int:
        """How many runs share the time."""
        return 1 if self.turns is None else self.turns.runs

    def seconds(self) -> float:
        """Return the seconds so far."""
        return self._banked if self._since is None else self._banked + self._now() - self._since

    def set(self, seconds: float) -> None:
        """Begin from the seconds that the run had in other processes."""
        self._banked, self._since = seconds, None

    @contextmanager
    def running(self) -> Iterator[None]:
        """Let it run."""
        self._since = self._now()
        try:
            yield
        finally:
            self._banked, self._since = self.seconds(), None

    def _now(self) -> float:
        return time.perf_counter() if self.turns is None else self.turns.seconds()
