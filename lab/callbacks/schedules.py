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
        self.set_at: int | None = None

    def on_train_begin(self, experiment: Experiment) -> None:
        # A resumed run keeps the rate of the step it was last set at, as an uninterrupted one does.
        self._set(experiment, experiment.step if self.set_at is None else self.set_at)

    def on_interval(self, experiment: Experiment) -> None:
        self._set(experiment, experiment.step)

    def _set(self, experiment: Experiment, step: int) -> None:
        self.set_at = step
        experiment.learner.learning_rate = float(self.schedule(step))
