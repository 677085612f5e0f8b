"""The loop around a task: where training stands, how far it goes at once, and what happens there."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from lab.callbacks.base import Callback, named
from lab.callbacks.run import Run
from lab.messages.notes import note
from lab.runtime.compiling import compile_cache
from lab.runtime.signals.interruption import Interruption, Stopped, leaving_due
from lab.task import Control, Task

if TYPE_CHECKING:
    from lab.experiment.record import Record

# Seconds for which training may go on before rows are shown and a signal is heard, where nobody acts on rows.
LONGEST = 1.0
# By how much more may be gathered than the last time: the first call also compiles.
GROWTH = 4


class Looped(Run, Protocol):
    """What the loop uses of the experiment around it, beside what callbacks may."""

    @property
    def record(self) -> Record:
        """The record, which is made ready and ended with training."""

    @property
    def callbacks(self) -> Sequence[Callback]:
        """All callbacks, in their order."""

    @property
    def gathers_rows(self) -> bool:
        """Whether rows may be taken many at once."""

    @property
    def given_callbacks(self) -> Sequence[Callback]:
        """The callbacks that its user gave it."""

    def describe(self) -> dict[str, Any]:
        """Return what config.json holds."""

    def fire(self, hook: str, *arguments: Any) -> None:
        """Call a hook of the experiment and of every callback."""

    def log(self) -> None:
        """Add a row of what the task gathered since the last one."""

    def add_row(self, step: int, metrics: Mapping[str, float], elapsed: float) -> None:
        """Add a row to the history, and let those who listen know."""


class Loop:
    """Where training stands and where it is to go. Its methods take the experiment they act on, as callbacks do.

    Attributes:
        step: Training steps taken, as of the last event.
        target_step: The step at which training ends.
        stop_reason: Why the present `train` is being ended early.
        control: The talk with the task's inner loop.
        trainable: Whether steps may be taken; not where a run was opened to be looked at.
    """

    def __init__(self) -> None:
        self.step = 0
        self.target_step = 0
        self.stop_reason = ""
        self.control = Control()
        self.trainable = True
        # Callbacks whose interval has come and that have not been called yet.
        self._due: list[Callback] = []
        self._rows_at_once = 1
        self._began = (0.0, 0.0)
        self._said_untaught = False

    @property
    def is_unfinished(self) -> bool:
        """Whether a resumed run has steps left, or was stopped in what its last step was to be followed by."""
        return self.step < self.target_step or bool(self._due)

    @property
    def wants_steps(self) -> bool:
        """Whether the present call to `train` has steps to take."""
        return self.step < self.target_step and not self.stop_reason

    def prepare(
        self, target_step: int, on_update: Callable[[Mapping[str, float]], None] | None, looks: bool = True
    ) -> None:
        """Set out for a step, with those who listen to updates, and whether they may look at the learner then."""
        self.target_step, self.stop_reason = target_step, ""
        self.control = Control(on_update=on_update, looks=looks)

    def look_at(self, step: int) -> None:
        """Stand at a step to be evaluated and shown there; no steps can be taken."""
        self.step, self.trainable = step, False

    def stop(self, reason: str) -> None:
        """End the present `train` after this step."""
        self.stop_reason = self.stop_reason or reason
        self.control.stop = True

    def say_untaught(self, task: Task, target_step: int) -> None:
        """Print once, before training up to a step, which of the steps will teach nothing."""
        steps = target_step - self.step
        text = task.untaught(steps) if steps > 0 and not self._said_untaught else ""
        if text:
            self._said_untaught = True
            note(text)

    # ---------------------------------------------------------------- a call to train

    @contextlib.contextmanager
    def training(self, run: Looped, interruption: Interruption) -> Iterator[None]:
        """Begin training on entering and end it on leaving: with the last row and checkpoint, or after a signal with
        a checkpoint alone, or after an error without any."""
        record = run.record
        with record.writing_alone(self.step):
            record.begin_training(run)
            with record.clock.running():
                run.fire("on_train_begin")
                try:
                    self._call_due(run)
                    yield
                except BaseException as error:
                    self._leave(run)
                    record.end_after_error(run, _why(error))
                    full = compile_cache.refused(error)
                    if full is not None:
                        raise full from error
                    raise
            if interruption.received and self.is_unfinished:
                self._leave(run)
                run.save_checkpoint()
                why = f"stopped by {interruption.received.name}, after a checkpoint"
            else:
                self._end_training(run)
                why = self.stop_reason or f"reached its {self.target_step:,} steps"
            record.end_training(run, why)

    def _end_training(self, run: Looped) -> None:
        if not run.history.rows or run.history.rows[-1]["step"] != self.step:
            run.log()
        run.fire("on_train_end")
        run.save_checkpoint()

    def _leave(self, run: Looped) -> None:
        for callback in run.callbacks:
            callback.leave(run)

    # ---------------------------------------------------------------- up to the next event

    def chunk_end(self, run: Looped) -> int:
        """Return the step of the next event: a log row (or some, where they are gathered), an interval or the end."""
        rows = self._rows_at_once if run.gathers_rows else 1
        intervals = [c.every for c in run.callbacks if c.every]
        ends = [self.step - self.step % n + n for n in intervals]
        return min(self.target_step, self.step - self.step % run.log_every + rows * run.log_every, *ends)

    def begin_chunk(self, run: Looped) -> Control:
        """Get ready for `Task.advance`, and return what it is called with."""
        self._began = run.record.clock.seconds(), time.perf_counter()
        self.control.taken = 0
        self.control.log_every = run.log_every if run.gathers_rows else 0
        return self.control

    def end_chunk(self, run: Looped, taken: int) -> None:
        """Count the steps taken and let happen what was due at their end."""
        before, self.step = self.step, self.step + taken
        gathering, self.control.log_every, self.control.taken = self.control.log_every, 0, 0
        if gathering:
            self._take_rows(run, before)
        elif self.step // run.log_every > before // run.log_every:
            run.log()
        self._due = [c for c in run.callbacks if c.every and self.step // c.every > before // c.every]
        self._call_due(run)

    def _take_rows(self, run: Looped, before: int) -> None:
        began, wall = self._began
        rows, ended = run.task.take_rows(), run.record.clock.seconds()
        latest = before
        for step, metrics in rows:
            if not latest < step <= self.step:
                raise ValueError(
                    f"{type(run.task).__name__}.take_rows gave a row of step {step}; expected one after {latest} and "
                    f"up to {self.step}, in order."
                )
            latest = step
            # When each was made nobody measured: a straight line over the call keeps them in order.
            run.add_row(step, metrics, began + (ended - began) * (step - before) / (self.step - before))
        if rows:
            each = max(1e-9, time.perf_counter() - wall) / len(rows)
            self._rows_at_once = int(max(1, min(LONGEST / each, GROWTH * self._rows_at_once)))

    def _call_due(self, run: Looped) -> None:
        # What a signal keeps from being finished stays due: the checkpoint says so, and resuming begins with it.
        while self._due:
            callback = self._due.pop(0)
            state = callback.get_state() if run.directory is not None else None
            try:
                with leaving_due():
                    callback.on_interval(run)
            except Stopped:
                if state is not None:
                    callback.set_state(state)
                self._due.insert(0, callback)
                return

    # ---------------------------------------------------------------- state

    def get_state(self, callbacks: Sequence[Callback]) -> dict[str, Any]:
        """Return the counters, and the names of the callbacks that are due."""
        names = [name for name, callback in named(callbacks).items() if callback in self._due]
        return {"step": self.step, "target_step": self.target_step, **({"due": names} if names else {})}

    def set_state(self, state: Mapping[str, Any], callbacks: Sequence[Callback]) -> None:
        """Restore what `get_state` returned; a target that is further away already stays."""
        known = named(callbacks)
        self.step = state["step"]
        self.target_step = max(self.target_step, state["target_step"])
        self._due = [known[name] for name in state.get("due", []) if name in known]


def _why(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
