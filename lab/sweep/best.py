"""The best of a sweep's trials, by its files alone."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from lab.errors import RunDirectoryError
from lab.sweep import plan as plans
from lab.sweep.journal import Journal, Trial
from lab.sweep.spaces import from_json


def best_of(trials: Iterable[Trial], higher: bool) -> Trial | None:
    """Return the complete trial of the best score, the earliest of equal ones; None where there is none."""
    found = [trial for trial in trials if trial.state == "complete" and trial.value is not None]
    sign = 1 if higher else -1
    return max(found, key=lambda trial: (sign * (trial.value or 0.0), -trial.number), default=None)


def best_run(directory: str | os.PathLike[str]) -> tuple[Trial, Path]:
    """Return the best trial of a sweep and the run of its first seed, which is chosen by no score.

    Raises:
        RunDirectoryError: When no trial is complete, or the sweep's files are none of one.
    """
    plan = plans.read(directory)
    journal = Journal(Path(directory), from_json(plan.spaces))
    journal.read()
    best = best_of(journal.trials.values(), journal.metric is None or journal.metric[1])
    if best is None:
        raise RunDirectoryError(
            f"{directory} holds a sweep of which no trial is complete. Fix: `lab resume {directory}`, or name a run "
            "of one of its trials."
        )
    return best, Path(directory) / best.path.name / f"seed-{plan.seeds[0]}"
