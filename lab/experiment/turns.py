"""How runs that are trained together share the clock."""

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
