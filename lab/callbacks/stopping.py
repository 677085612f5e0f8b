"""Callbacks that end a run."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lab.callbacks.base import Callback
from lab.callbacks.checks import has_own_code, may_evaluate
from lab.errors import UsageError, bad_value, nearest

if TYPE_CHECKING:
    from lab.callbacks.run import Run
    from lab.results.evaluation import Evaluation


# What rows may have before any update, or only once an episode has ended.
ROW_NAMES = frozenset({"step", "episodes", "epochs", "return", "length"})


class EarlyStopping(Callback):
    """Stops when a metric has not improved for a while.

    Args:
        monitor: A metric of the log rows, such as `loss`, or of the evaluations.
        patience: How many readings in a row may bring no improvement.
        mode: `min` or `max`.
        min_delta: The least change that counts as an improvement.
    """

    counters: tuple[str, ...] = ("waited",)
    not_state: tuple[str, ...] = ("monitor", "patience", "mode", "min_delta", "found", "evaluated", "updated")

    def __init__(self, monitor: str = "loss", patience: int = 10, mode: str = "min", min_delta: float = 0.0) -> None:
        super().__init__()
        if mode not in ("min", "max"):
            raise bad_value("EarlyStopping", "mode", mode, "'min' or 'max'")
        if patience < 1:
            raise bad_value("EarlyStopping", "patience", patience, "a whole number >= 1")
        self.monitor = monitor
        self.patience = patience
        self.mode = mode
        self.min_delta = min_delta
        self.best: float | None = None
        self.waited = 0
        self.found = self.evaluated = self.updated = False

    def check_training(self, experiment: Run) -> None:
        self.found = self.evaluated = self.updated = False
        only_evaluated = self.monitor in experiment.task.evaluation_names and self.monitor not in ROW_NAMES
        if only_evaluated and not may_evaluate(experiment):
            raise UsageError(
                f"EarlyStopping: monitor received {self.monitor!r}, a metric of evaluations, and none are made during "
                "training. Fix: Experiment(..., evaluate_every=N), or a metric of the log rows, such as 'loss'."
            )

    def on_log(self, experiment: Run, row: Mapping[str, Any]) -> None:
        self._read(experiment, row)
        self._check_found(experiment, row)

    def on_evaluation(self, experiment: Run, evaluation: Evaluation) -> None:
        self.evaluated = True
        self._read(experiment, evaluation)

    def on_train_end(self, experiment: Run) -> None:
        if self.updated and not self.found:
            warnings.warn(
                f"EarlyStopping: no row and no evaluation had {self.monitor!r}, so it could not act.", stacklevel=2
            )

    def _check_found(self, experiment: Run, row: Mapping[str, Any]) -> None:
        # What updates measure is known once some have been made; a user's own code may add to rows at any time.
        gauges: Mapping[str, float] = getattr(experiment.learner, "gauges", dict)()
        self.updated |= any(n not in ROW_NAMES and n not in gauges and not n.startswith("time_") for n in row)
        waiting = self.monitor in ROW_NAMES or (may_evaluate(experiment) and not self.evaluated)
        if self.found or not self.updated or waiting or has_own_code(experiment):
            return
        known = [*(n for n in row if n != "step"), *experiment.task.evaluation_names]
        raise UsageError(f"EarlyStopping: monitor received {self.monitor!r}; {nearest(self.monitor, known)}")

    def _read(self, experiment: Run, values: Mapping[str, Any]) -> None:
        value = values.get(self.monitor)
        self.found = self.found or self.monitor in values
        if value is None:
            return
        sign = 1.0 if self.mode == "max" else -1.0
        if self.best is None or sign * (value - self.best) > self.min_delta:
            self.best, self.waited = float(value), 0
            return
        self.waited += 1
        if self.waited >= self.patience:
            experiment.stop(f"{self.monitor} has not improved on {self.best:.6g} for {self.waited} readings")


class StopAtReturn(Callback):
    """Stops when the mean return of an evaluation made during training reaches a threshold.

    Args:
        threshold: The mean return that counts as solved.
    """

    not_state: tuple[str, ...] = ("threshold",)

    def __init__(self, threshold: float) -> None:
        super().__init__()
        self.threshold = threshold

    def check_training(self, experiment: Run) -> None:
        if not may_evaluate(experiment):
            raise UsageError(
                "StopAtReturn: no evaluations are made during training, so it would never act. "
                "Fix: Experiment(..., evaluate_every=N), or the callback Evaluate(every=N)."
            )

    def on_evaluation(self, experiment: Run, evaluation: Evaluation) -> None:
        if "mean" not in evaluation:
            raise UsageError(
                f"StopAtReturn: an evaluation of {type(experiment.learner).__name__} has no mean return; it has "
                f"{', '.join(evaluation)}. Fix: EarlyStopping(monitor=...)."
            )
        if evaluation["mean"] >= self.threshold:
            experiment.stop(f"mean return {evaluation['mean']:.6g} reached {self.threshold:g}")
