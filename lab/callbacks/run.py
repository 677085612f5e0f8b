"""Run: what a callback may use of the experiment that it belongs to."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from lab.learner import Learner
    from lab.results.evaluation import Evaluation
    from lab.results.history import History
    from lab.runs.directory import RunDirectory
    from lab.runs.state import Stateful
    from lab.seeding import Seeds
    from lab.task import Task


class Run(Protocol):
    """A run being trained, as its callbacks see it; `lab.Experiment` is one."""

    @property
    def learner(self) -> Learner:
        """The agent, generator or predictor; a callback may set its `learning_rate`."""

    @property
    def task(self) -> Task:
        """What feeds, evaluates and shows the learner."""

    @property
    def seeds(self) -> Seeds:
        """The streams of random numbers, all from the one seed."""

    @property
    def callbacks(self) -> Sequence[Stateful]:
        """All callbacks of the run, in the order in which they are called."""

    @property
    def step(self) -> int:
        """Training steps taken, as of the last event."""

    @property
    def task_step(self) -> int:
        """Training steps taken, exact also in `on_update`."""

    @property
    def target_step(self) -> int:
        """The step at which training ends."""

    @property
    def log_every(self) -> int:
        """Training steps between rows of the history."""

    @property
    def history(self) -> History:
        """The rows so far."""

    @property
    def directory(self) -> RunDirectory | None:
        """Where the run is written; None where it is not."""

    @property
    def last_checkpoint(self) -> Path | None:
        """The newest whole checkpoint."""

    @property
    def stop_reason(self) -> str:
        """Why training is being ended early; empty where it is not."""

    def stop(self, reason: str) -> None:
        """End the present `train` after this step."""

    def evaluate_in_training(self, episodes: int | None = None) -> Evaluation:
        """Evaluate on the seeds kept for selecting checkpoints, and let the callbacks know."""

    def render(self, path: str | os.PathLike[str] | None = None, kind: str | None = None) -> Path:
        """Show the learner at work; return the file."""

    def render_in_training(self, name: str, kind: str) -> Path:
        """Show the learner at work in a file of the run, and let the callbacks know."""

    def describe(self) -> dict[str, Any]:
        """Return what config.json holds."""

    def save_checkpoint(self) -> Path | None:
        """Write a checkpoint of everything; return its path, or None without a run directory."""

    def save_checkpoint_beside(self) -> None:
        """Begin to write a checkpoint of everything as it is now, and go on meanwhile."""

    def save_best(self, score: Mapping[str, float]) -> Path | None:
        """Write the learner as the best checkpoint so far."""

    def end_writing(self) -> None:
        """Return when every checkpoint that was begun is whole."""

    def get_state(self) -> dict[str, Any]:
        """Return the whole state of the run."""
