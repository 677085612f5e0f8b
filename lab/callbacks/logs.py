"""Log files: JSON lines as training goes on, CSV when asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lab.callbacks.base import Callback
from lab.logging import JsonLines

if TYPE_CHECKING:
    from lab.experiment import Experiment


class JSONLLogger(Callback):
    """Appends each log row to the run's metrics.jsonl; every experiment with a run directory has one."""

    def on_log(self, experiment: Experiment, row: Mapping[str, Any]) -> None:
        if experiment.directory is not None:
            JsonLines(experiment.directory.metrics).append(row)


class CSVLogger(Callback):
    """Writes the history as metrics.csv into the run directory, every `every` steps and when training ends."""

    def on_interval(self, experiment: Experiment) -> None:
        self.on_train_end(experiment)

    def on_train_end(self, experiment: Experiment) -> None:
        if experiment.directory is not None:
            experiment.history.to_csv(experiment.directory.path / "metrics.csv")
