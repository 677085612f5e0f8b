"""Periodic checkpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.callbacks.base import Callback

if TYPE_CHECKING:
    from lab.experiment import Experiment


class Checkpoint(Callback):
    """Saves a checkpoint every `every` steps; `Experiment` runs it after all other callbacks of a step."""

    def on_interval(self, experiment: Experiment) -> None:
        experiment.save_checkpoint_beside()
