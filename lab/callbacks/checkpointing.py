"""Periodic checkpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from lab.callbacks.base import Callback
from lab.errors import UsageError

if TYPE_CHECKING:
    from lab.experiment.experiment import Experiment


class Checkpoint(Callback):
    """Saves a checkpoint every `every` steps; `Experiment` runs it after all other callbacks of a step."""

    acts_at_end: ClassVar[bool] = True

    def check_training(self, experiment: Experiment) -> None:
        if experiment.directory is None:
            raise UsageError(
                "Checkpoint: the experiment has no run directory, so nothing would ever be saved. "
                "Fix: Experiment(..., run_dir='runs/NAME'), or leave it out."
            )

    def on_interval(self, experiment: Experiment) -> None:
        experiment.save_checkpoint_beside()
