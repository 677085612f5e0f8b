"""What a sweep and its workers say to each other."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from lab.sweep.journal import Trial
from lab.sweep.plan import Plan


class Run(NamedTuple):
    """A run by the number of its trial and its seed."""

    number: int
    seed: int


@dataclasses.dataclass(frozen=True)
class Job:
    """What every worker of a sweep needs to know.

    Attributes:
        plan: The sweep's.
        directory: The sweep's, which all machines see under this path.
        source, evaluation_source: As the sweep has them.
        learner: The learner's class.
        callbacks: Of all runs.
        exact: As for `Experiment.resume`.
    """

    plan: Plan
    directory: Path
    source: Any
    evaluation_source: Any
    learner: Any
    callbacks: list[Any]
    exact: bool


@dataclasses.dataclass(frozen=True)
class Share:
    """The runs of a batch that one worker trains.

    Attributes:
        trials: Those that have not ended.
        runs: Which of their runs.
        metric: That is scored.
    """

    trials: tuple[Trial, ...]
    runs: tuple[Run, ...]
    metric: str


@dataclasses.dataclass(frozen=True)
class Report:
    """What a worker says when its runs are built, meet, have ended, or cannot go on.

    Attributes:
        kind: `built`, `met`, `ended` or `error`.
        reached: Meetings that all of its runs have reached.
        steps: By run, where it is.
        scores: By run, what its evaluations scored, by their number.
        diverged: Trials of runs whose numbers were no longer numbers.
        failed: Why trials cannot run, or diverged.
        error: What went wrong, in words, if anything did.
        usage: Whether it is the user who can mend it.
    """

    kind: str
    reached: int = 0
    steps: dict[Run, int] = dataclasses.field(default_factory=dict)
    scores: dict[Run, dict[int, float]] = dataclasses.field(default_factory=dict)
    diverged: frozenset[int] = frozenset()
    failed: dict[int, str] = dataclasses.field(default_factory=dict)
    error: str = ""
    usage: bool = False


def shared_out(trials: Sequence[Trial], seeds: Sequence[int], workers: int, metric: str) -> list[Share]:
    """Return the runs of trials in as many shares as there are workers, of sizes that differ by one at most."""
    runs = [Run(trial.number, seed) for trial in trials for seed in seeds]
    count = min(workers, len(runs))
    shares = []
    for i in range(count):
        own = tuple(runs[len(runs) * i // count : len(runs) * (i + 1) // count])
        numbers = {run.number for run in own}
        shares.append(Share(tuple(trial for trial in trials if trial.number in numbers), own, metric))
    return shares
