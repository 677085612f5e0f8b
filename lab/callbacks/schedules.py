"""Learning-rate schedules."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lab.callbacks.base import Callback

if TYPE_CHECKING:
    from lab.experiment import Experiment


class LearningRateSchedule(Callback):
    """Sets the learner's learning rate as a function of the training step.

    Args:
        schedule: Training step -> learning rate; a `keras.optimizers.schedules` object will do.
        every: Training steps between changes.
    """

    not_state: tuple[str, ...] = ("schedule",)

    def __init__(self, schedule: Callable[[int], float], every: int = 100) -> None:
        super().__init__(every)
        self.schedule = schedule

    def on_train_begin(self, experiment: Experiment) -> None:
        # Counted from the last multiple, so that a resumed run stands where an uninterrupted one does.
        self._set(experiment, experiment.step - experiment.step % (self.every or 1))

    def on_interval(self, experiment: Experiment) -> None:
        self._set(experiment, experiment.step)

    def _set(self, experiment: Experiment, step: int) -> None:
        experiment.learner.learning_rate = float(self.schedule(step))
