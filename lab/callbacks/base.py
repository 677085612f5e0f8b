"""The base of all callbacks: documented hooks that do nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from lab.errors import bad_value
from lab.runs.state import Stateful

if TYPE_CHECKING:
    from lab.experiment.experiment import Experiment
    from lab.results.evaluation import Evaluation


HOOKS = ("on_train_begin", "on_train_end", "on_update", "on_log", "on_interval", "on_evaluation", "on_checkpoint")


class Callback(Stateful):
    """Something that happens beside training; override the hooks you need.

    A callback may end the run with `experiment.stop("why")`. What it keeps in its attributes is checkpointed.

    Args:
        every: Call `on_interval` each time this many training steps have passed; None for never.

    Attributes:
        acts_at_end: Whether what it does at intervals is also done when training ends.
    """

    acts_at_end: ClassVar[bool] = False

    not_state: tuple[str, ...] = ("every",)
    every: int | None = None

    def __init__(self, every: int | None = None) -> None:
        if every is not None and (isinstance(every, bool) or not isinstance(every, int) or every <= 0):
            raise bad_value(type(self).__name__, "every", every, "a whole number of training steps > 0, or None")
        self.every = every

    def check_training(self, experiment: Experiment) -> None:
        """Raise `UsageError` where it could never act in the training about to begin; nothing is written yet (hook)."""

    def on_train_begin(self, experiment: Experiment) -> None:
        """Run before the first step of a call to `train`, also after a resume."""

    def on_train_end(self, experiment: Experiment) -> None:
        """Run after the last step of a call to `train`, before its last checkpoint."""

    def on_update(self, experiment: Experiment, metrics: Mapping[str, float]) -> None:
        """Run after each round of updates, with its metrics; keep it quick."""

    def on_log(self, experiment: Experiment, row: Mapping[str, Any]) -> None:
        """Run after each row of the history."""

    def on_interval(self, experiment: Experiment) -> None:
        """Run each time `every` steps have passed."""

    def on_evaluation(self, experiment: Experiment, evaluation: Evaluation) -> None:
        """Run after each evaluation made during training."""

    def on_checkpoint(self, experiment: Experiment, path: Path) -> None:
        """Run after each checkpoint."""
