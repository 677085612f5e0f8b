"""The parts that training is made of, so that one experiment or several side by side can be trained with them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, cast

from lab.callbacks import Callback, Progress
from lab.config import check_read
from lab.errors import UsageError, check_whole
from lab.experiment.callback_checks import check_callbacks
from lab.experiment.hooks import Hooks
from lab.experiment.recording import Recording
from lab.messages.notes import warn
from lab.runtime.interruption import Interruption, Stopped, leaving_due
from lab.task import Control

if TYPE_CHECKING:
    from lab.experiment.experiment import Experiment


class Loop(Recording):
    """The part of `Experiment` that begins, divides and ends a call to `train`."""

    stop_reason = ""
    _opened = False

    @property
    def _myself(self) -> Experiment:
        # What callbacks are given: this class is a part of no other.
        return cast("Experiment", self)

    @property
    def is_unfinished(self) -> bool:
        """Whether a resumed run has steps left, or was stopped in what its last step was to be followed by."""
        return self.step < self.target_step or bool(self._due)

    @property
    def wants_steps(self) -> bool:
        """Whether the present call to `train` has steps to take."""
        return self.step < self.target_step and not self.stop_reason

    def prepare_training(self, steps: int | None) -> None:
        """Set the step at which training ends, before anything is written.

        Raises:
            UsageError: When `steps` is not a whole number > 0, the run was opened to be judged, training cannot be
                done here, a setting that was chosen has no effect, or a callback could never act.
        """
        if self._opened:
            raise UsageError("this run was opened to be judged and shown. Fix: Experiment.resume(run_dir) to train on.")
        self.task.check_training()
        target_step = self.step + self._steps_to_train(steps)
        if not self.step:
            check_read(self.learner)
        check_callbacks(self._myself, target_step)
        self.target_step = target_step
        self.learner.begin_run(target_step)
        self.stop_reason = ""
        self._control = Control(on_update=self._update_listener())

    @contextlib.contextmanager
    def training(self, interruption: Interruption) -> Iterator[None]:
        """Begin training on entering and end it on leaving: with the last row and checkpoint, or after a signal with
        a checkpoint alone, or after an error without any."""
        with self.writing_alone():
            self._begin_writing()
            self._elapsed_before, self._started = self._elapsed, time.perf_counter()
            self.fire("on_train_begin")
            try:
                self._call_due()
                yield
            except BaseException:
                self._finish_progress()
                self._end_writing_after_error()
                raise
            self._elapsed, self._started = self._time_elapsed(), None
            if interruption.received and (self.step < self.target_step or self._due):
                self._finish_progress()
                self.save_checkpoint()
            else:
                self._end_training()

    def chunk_end(self) -> int:
        """Return the step of the next event: a log row, a callback's interval or the end."""
        intervals = [self.log_every, *(c.every for c in self.callbacks if c.every)]
        return min(self.target_step, *(self.step - self.step % n + n for n in intervals))

    def end_chunk(self, taken: int) -> None:
        """Count the steps taken and let happen what was due at their end."""
        before = self.step
        self._control.taken = 0
        self.step = before + taken
        if self.step // self.log_every > before // self.log_every:
            self.log()
        self._due = [c for c in self.callbacks if c.every and self.step // c.every > before // c.every]
        self._call_due()

    def _call_due(self) -> None:
        # What a signal keeps from being finished stays due: the checkpoint says so, and resuming begins with it.
        while self._due:
            callback = self._due.pop(0)
            state = callback.get_state() if self.directory is not None else None
            try:
                with leaving_due():
                    callback.on_interval(self._myself)
            except Stopped:
                if state is not None:
                    callback.set_state(state)
                self._due.insert(0, callback)
                return

    def _steps_to_train(self, steps: int | None) -> int:
        if steps is not None:
            check_whole("steps", steps)
            return int(steps)
        if self._resumed_at is not None and (self.target_step > self.step or self._due):
            return self.target_step - self.step
        return self.learner.default_steps

    def _end_training(self) -> None:
        if not self.history.rows or self.history.rows[-1]["step"] != self.step:
            self.log()
        self.fire("on_train_end")
        self.save_checkpoint()

    def _end_writing_after_error(self) -> None:
        # What ended the training is what is raised; that the disk failed as well is only said.
        try:
            self.end_writing()
        except UsageError as error:
            warn(str(error), stacklevel=2)

    def _finish_progress(self) -> None:
        for callback in self.callbacks:
            if isinstance(callback, Progress):
                callback.on_train_end(self._myself)

    def _update_listener(self) -> Callable[[Mapping[str, float]], None] | None:
        # Rounds of updates come thousands a second, so only hooks that somebody has overridden are called.
        hooks: list[Callable[[Mapping[str, float]], None]]
        hooks = [
            partial(c.on_update, self._myself) for c in self.callbacks if type(c).on_update is not Callback.on_update
        ]
        if type(self).on_update is not Hooks.on_update:
            hooks.insert(0, self.on_update)
        if len(hooks) <= 1:
            return hooks[0] if hooks else None

        def call_all(metrics: Mapping[str, float]) -> None:
            for hook in hooks:
                hook(metrics)

        return call_all
