"""Log files: JSON lines as training goes on, CSV when asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lab.callbacks.base import Callback
from lab.errors import UsageError
from lab.files.json_lines import JsonLines

if TYPE_CHECKING:
    from lab.experiment.experiment import Experiment


class JSONLLogger(Callback):
    """Appends each log row to the run's metrics.jsonl; every experiment with a run directory has one."""

    def on_log(self, experiment: Experiment, row: Mapping[str, Any]) -> None:
        if experiment.directory is not None:
            JsonLines(experiment.directory.metrics).append(row)


class CSVLogger(Callback):
    """Writes the history as metrics.csv into the run directory, every `every` steps and when training ends."""

    def check_training(self, experiment: Experiment) -> None:
        if experiment.directory is None:
            raise UsageError(
                "CSVLogger: the experiment has no run directory, so nothing would ever be written. "
                "Fix: Experiment(..., run_dir='runs/NAME'), or history.to_csv(path) after training."
            )

    def on_interval(self, experiment: Experiment) -> None:
        self.on_train_end(experiment)

    def on_train_end(self, experiment: Experiment) -> None:
        if experiment.directory is not None:
            experiment.history.to_csv(experiment.directory.path / "metrics.csv")
