"""The progress bar on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lab.callbacks.base import Callback

if TYPE_CHECKING:
    from lab.experiment.experiment import Experiment

_SHOWN = ("return", "loss")


class Progress(Callback):
    """Shows step, loss, return and steps per second.

    Args:
        show: True for always, False for never, None for only where standard error is a terminal.
    """

    not_state: tuple[str, ...] = ("show", "bar")

    def __init__(self, show: bool | None = None) -> None:
        super().__init__()
        self.show = show
        self.bar: Any = None

    def on_train_begin(self, experiment: Experiment) -> None:
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

    def on_log(self, experiment: Experiment, row: Mapping[str, Any]) -> None:
        if self.bar is not None and not self.bar.disable:
            self.bar.n = experiment.step
            self.bar.set_postfix({k: f"{row[k]:.3g}" for k in _SHOWN if row.get(k) is not None})

    def on_train_end(self, experiment: Experiment) -> None:
        if self.bar is not None:
            self.bar.n = experiment.step
            self.bar.refresh()
            self.bar.close()
            self.bar = None
