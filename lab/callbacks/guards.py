"""Stops a run whose numbers are no longer numbers, and says where a learner finds them wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from lab.callbacks.base import Callback
from lab.errors import TrainingDiverged
from lab.messages.notes import warn

if TYPE_CHECKING:
    from lab.callbacks.run import Run


class NaNGuard(Callback):
    """Ends training at the first round of updates with a metric that is not finite, before anything is saved.

    Of what the learner finds wrong with a row of the log (`Learner.complaint`) it warns once.
    """

    not_state: tuple[str, ...] = ("warned",)
    warned = False

    # It raises before anything of the call that it heard of is recorded, however long that was.
    acts_on_rows: ClassVar[bool] = False

    def on_update(self, experiment: Run, metrics: Mapping[str, float]) -> None:
        for name, value in metrics.items():
            if not math.isfinite(value):
                # One that is being written is as good as the one before.
                experiment.end_writing()
                good = experiment.last_checkpoint
                raise TrainingDiverged(
                    f"{name} became {value} at step {experiment.task_step}. Nothing was overwritten; the last good "
                    f"checkpoint is {good if good is not None else 'none (no run directory, or none saved yet)'}. "
                    "Fix: lower learning_rate, clip gradients harder, or look for non-finite data."
                )

    def on_log(self, experiment: Run, row: Mapping[str, Any]) -> None:
        text = "" if self.warned else experiment.learner.complaint(row)
        if text:
            self.warned = True
            warn(f"{type(experiment.learner).__name__}, step {row['step']}: {text}", stacklevel=2)
