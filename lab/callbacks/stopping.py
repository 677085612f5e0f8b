"""Callbacks that end a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lab.callbacks.base import Callback
from lab.errors import bad_value

if TYPE_CHECKING:
    from lab.evaluation import Evaluation
    from lab.experiment import Experiment


class EarlyStopping(Callback):
    """Stops when a metric has not improved for a while.

    Args:
        monitor: A metric of the log rows, such as `loss`, or of the evaluations.
        patience: How many readings in a row may bring no improvement.
        mode: `min` or `max`.
        min_delta: The least change that counts as an improvement.
    """

    counters: tuple[str, ...] = ("waited",)
    not_state: tuple[str, ...] = ("monitor", "patience", "mode", "min_delta")

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

    def on_log(self, experiment: Experiment, row: Mapping[str, Any]) -> None:
        self._read(experiment, row)

    def on_evaluation(self, experiment: Experiment, evaluation: Evaluation) -> None:
        self._read(experiment, evaluation)

    def _read(self, experiment: Experiment, values: Mapping[str, Any]) -> None:
        value = values.get(self.monitor)
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

    def on_evaluation(self, experiment: Experiment, evaluation: Evaluation) -> None:
        if evaluation.get("mean", float("-inf")) >= self.threshold:
            experiment.stop(f"mean return {evaluation['mean']:.6g} reached {self.threshold:g}")
