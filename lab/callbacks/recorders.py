"""Callbacks that write or show the rows of the history and change nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from lab.callbacks.base import Callback
from lab.errors import UsageError
from lab.files.json_lines import JsonLines

if TYPE_CHECKING:
    from lab.callbacks.run import Run

_SHOWN = ("return", "loss")


class JSONLLogger(Callback):
    """Appends each log row to the run's metrics.jsonl; every experiment with a run directory has one."""

    acts_on_rows: ClassVar[bool] = False

    def on_log(self, experiment: Run, row: Mapping[str, Any]) -> None:
        if experiment.directory is not None:
            JsonLines(experiment.directory.metrics).append(row)


class CSVLogger(Callback):
    """Writes the history as metrics.csv into the run directory, every `every` steps and when training ends."""

    def check_training(self, experiment: Run) -> None:
        if experiment.directory is None:
            raise UsageError(
                "CSVLogger: the experiment has no run directory, so nothing would ever be written. "
                "Fix: Experiment(..., run_dir='runs/NAME'), or history.to_csv(path) after training."
            )

    def on_interval(self, experiment: Run) -> None:
        self.on_train_end(experiment)

    def on_train_end(self, experiment: Run) -> None:
        if experiment.directory is not None:
            experiment.history.to_csv(experiment.directory.path / "metrics.csv")


class Progress(Callback):
    """Shows step, loss, return and steps per second on a terminal.

    Args:
        show: True for always, False for never, None for only where standard error is a terminal.
    """

    acts_on_rows: ClassVar[bool] = False
    not_state: tuple[str, ...] = ("show", "bar")

    def __init__(self, show: bool | None = None) -> None:
        super().__init__()
        self.show = show
        self.bar: Any = None

    def on_train_begin(self, experiment: Run) -> None:
        from tqdm import tqdm

        self.bar = tqdm(
            total=experiment.target_step,
            initial=experiment.step,
            disable=None if self.show is None else not self.show,
            unit=" steps",
            unit_scale=True,
            desc=experiment.learner.name,
            dynamic_ncols=True,
        )

    def on_log(self, experiment: Run, row: Mapping[str, Any]) -> None:
        if self.bar is not None and not self.bar.disable:
            self.bar.n = row["step"]
            self.bar.set_postfix({k: f"{row[k]:.3g}" for k in _SHOWN if row.get(k) is not None})

    def on_train_end(self, experiment: Run) -> None:
        if self.bar is not None:
            self.bar.n = experiment.step
            self.bar.refresh()
            self.bar.close()
            self.bar = None

    def leave(self, experiment: Run) -> None:
        self.on_train_end(experiment)
