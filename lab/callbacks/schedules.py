"""Learning-rate schedules."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from lab.callbacks.base import Callback
from lab.errors import UsageError, bad_value

if TYPE_CHECKING:
    from lab.callbacks.run import Run


class LearningRateSchedule(Callback):
    """Sets the learner's learning rate as a function of the training step.

    Args:
        schedule: Training step -> learning rate; a `keras.optimizers.schedules` object will do.
        every: Training steps between changes.
    """

    not_state: tuple[str, ...] = ("schedule",)

    def __init__(self, schedule: Callable[[int], float], every: int = 100) -> None:
        super().__init__(every)
        if not callable(schedule):
            raise bad_value("LearningRateSchedule", "schedule", schedule, "a function from training step to step size")
        self.schedule = schedule
        self.set_at: int | None = None

    def check_training(self, experiment: Run) -> None:
        learner = experiment.learner
        # Asking raises where there is none, and says so.
        learner.learning_rate  # noqa: B018
        found = inspect.getattr_static(type(learner), "learning_rate", None)
        if isinstance(found, property) and found.fset is None:
            raise UsageError(f"{type(learner).__name__}.learning_rate cannot be set. Fix: give it a setter.")

    def on_train_begin(self, experiment: Run) -> None:
        # A resumed run keeps the rate of the step it was last set at, as an uninterrupted one does.
        self._set(experiment, experiment.step if self.set_at is None else self.set_at)

    def on_interval(self, experiment: Run) -> None:
        self._set(experiment, experiment.step)

    def _set(self, experiment: Run, step: int) -> None:
        self.set_at, rate = step, float(self.schedule(step))
        if not 0.0 <= rate < math.inf:
            raise bad_value("LearningRateSchedule", f"schedule({step})", rate, "a finite number >= 0")
        experiment.learner.learning_rate = rate
