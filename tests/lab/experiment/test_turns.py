"""Runs that are trained together share the clock: their parts add up to what it shows."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

from lab.experiment import clock as turns
from lab.experiment.clock import Turns, parted


class Clock:
    """Goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(turns, "time", made)
    return made


def test_the_parts_of_all_runs_add_up_to_the_clock(clock: Clock) -> None:
    rng, runs = random.Random(1), [Turns(4) for _ in range(4)]
    spent: list[Any] = [0.0] * 4
    for turn in range(50):
        # Runs end one after the other, and the others share what follows.
        active = list(range(4 if turn < 30 else 2))
        with parted([runs[i] for i in active]):
            clock.now += (seconds := rng.random())
        for i in active:
            spent[i] += seconds / len(active)
            with runs[i].alone():
                clock.now += (own := rng.random())
                spent[i] += own
                assert runs[i].seconds() == pytest.approx(spent[i]), "also while it is counted"
    assert [run.seconds() for run in runs] == pytest.approx(spent)
    assert sum(run.seconds() for run in runs) == pytest.approx(clock.now - 1_000.0)


def test_a_run_that_ends_in_an_error_keeps_its_part(clock: Clock) -> None:
    one, other = Turns(2), Turns(2)
    for block in (one.alone(), parted([one, other])):
        with pytest.raises(ZeroDivisionError), block:
            clock.now += 3.0
            raise ZeroDivisionError
    assert (one.seconds(), other.seconds()) == (4.5, 1.5)


def test_training_side_by_side_counts_all_that_it_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    from agents import Random
    from lab import Experiment

    ticks = itertools.count()

    class Ticking:
        @staticmethod
        def perf_counter() -> float:
            return float(next(ticks))

    monkeypatch.setattr(turns, "time", Ticking)
    members = Experiment(Random(), "lab/GridWorld-v0", progress=False, log_every=10).train_many(range(3), steps=40)
    elapsed = [member.history.rows[-1]["time_elapsed"] for member in members]
    # Each look at the clock is a second: no run counts those of the others.
    assert all(0 < seconds < next(ticks) for seconds in elapsed) and sum(elapsed) <= next(ticks)
