"""What an experiment is beneath its ladder: short ways to its loop and its record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.callbacks.base import Callback, named
from lab.callbacks.checks import check_callbacks, check_hooks
from lab.config import check_read
from lab.errors import UsageError, check_whole
from lab.experiment.hooks import Hooks
from lab.experiment.loop import Loop
from lab.experiment.options import Options
from lab.experiment.record import Record
from lab.experiment.standard_callbacks import complete
from lab.results.history import History
from lab.runs.opening.sources import source_name
from lab.runtime.conditions import recorded
from lab.runtime.signals.interruption import Interruption, stoppable

if TYPE_CHECKING:
    from lab.learner import Learner
    from lab.results.evaluation import Evaluation
    from lab.runs.directory import RunDirectory
    from lab.seeding import Seeds
    from lab.task import Task


# What a subclass overrides to act on rows, or on what training pauses for.
ROWS = ("on_log", "on_update", "log", "add_row", "train_chunk", "chunk_end", "end_chunk")


class ExperimentBase(Hooks):
    """What `lab.Experiment` is made of: a subclass of that may override each hook `on_...`, which do nothing here."""

    learner: Learner
    source: Any
    evaluation_source: Any
    seeds: Seeds
    task: Task
    options: Options
    loop: Loop
    record: Record
    log_every: int
    render: Callable[..., Path]
    given_callbacks: list[Callback]

    def with_standard(self, given: list[Callback], progress: bool | None) -> list[Callback]:
        """Return a user's callbacks among those that this experiment's arguments ask for."""
        return complete(given, self.options, self.learner.default_steps, self.directory is not None, progress)

    # ---------------------------------------------------------------- where it stands

    @property
    def step(self) -> int:
        """Training steps taken, as of the last event."""
        return self.loop.step

    @property
    def task_step(self) -> int:
        """Training steps taken, exact also within a chunk."""
        return self.loop.step + self.loop.control.taken

    @property
    def target_step(self) -> int:
        """The step at which training ends."""
        return self.loop.target_step

    @target_step.setter
    def target_step(self, step: int) -> None:
        self.loop.target_step = step

    @property
    def stop_reason(self) -> str:
        """Why training was ended early; empty where it was not."""
        return self.loop.stop_reason

    @property
    def is_unfinished(self) -> bool:
        """Whether a resumed run has steps left, or was stopped in what its last step was to be followed by."""
        return self.loop.is_unfinished

    @property
    def history(self) -> History:
        """The rows so far."""
        return self.record.history

    @history.setter
    def history(self, history: History) -> None:
        self.record.history = history

    @property
    def directory(self) -> RunDirectory | None:
        """Where the run is written; None where it is not."""
        return self.record.directory

    @property
    def last_checkpoint(self) -> Path | None:
        """The newest whole checkpoint."""
        return self.record.last_checkpoint

    # ---------------------------------------------------------------- parts of training

    def prepare_training(self, steps: int | None) -> None:
        """Set the step at which training ends, before anything is written.

        Raises:
            UsageError: When `steps` is not a whole number > 0, the run was opened to be looked at, training cannot be
                done here, a setting that was chosen has no effect, or a callback could never act.
        """
        if not self.loop.trainable:
            raise UsageError(
                "this run was opened to be evaluated and shown. Fix: Experiment.resume(run_dir) to train on."
            )
        self.task.check_training()
        check_whole("steps", steps, optional=True)
        goes_on = steps is None and self.record.resumed and self.is_unfinished
        target_step = self.target_step if goes_on else self.step + int(steps or self.learner.default_steps)
        if not self.step:
            check_read(self.learner)
        check_hooks(type(self), ExperimentBase)
        expected = self.options.intervals() if self.record.begun_with is not None else ()
        check_callbacks(self.callbacks, self, target_step, expected)
        self.learner.begin_run(target_step)
        self.loop.say_untaught(self.task, target_step)
        self.loop.prepare(target_step, self.update_listener(), self.looks_at_updates())

    def training(self, interruption: Interruption) -> AbstractContextManager[None]:
        """Begin training on entering and end it on leaving; see `Loop.training`."""
        return self.loop.training(self, interruption)

    @property
    def gathers_rows(self) -> bool:
        """Whether rows of the log may be taken many at once: the task can, and nobody acts on one before the next."""
        ours = any(getattr(type(self), name) is not getattr(ExperimentBase, name) for name in ROWS)
        return self.task.gathers_rows and not ours and not any(c.acts_on_rows for c in self.callbacks)

    def train_chunk(self) -> None:
        """Train up to the next event (log row, callback interval, end), then let it happen."""
        control = self.loop.begin_chunk(self)
        self.end_chunk(self.task.advance(self.chunk_end() - self.step, control))

    def chunk_end(self) -> int:
        """Return the step of the next event: a log row, a callback's interval or the end."""
        return self.loop.chunk_end(self)

    def end_chunk(self, taken: int) -> None:
        """Count the steps taken and let happen what was due at their end."""
        self.loop.end_chunk(self, taken)

    def stop(self, reason: str) -> None:
        """End the present `train` after this step; callbacks call it."""
        self.loop.stop(reason)

    def log(self) -> None:
        """Add a row of what the task gathered since the last one."""
        self.add_row(self.step, self.task.drain(), self.record.clock.seconds())

    def add_row(self, step: int, metrics: Mapping[str, float], elapsed: float) -> None:
        """Add a row to the history, made after so many seconds of training, and let those who listen know."""
        self.fire("on_log", self.record.add_row(step, metrics, elapsed))

    # ---------------------------------------------------------------- what is written

    def describe(self) -> dict[str, Any]:
        """Return the run's configuration as JSON values: all that opening it again needs."""
        return {
            "format": 1,
            "learner": self.learner.name,
            "settings": self.learner.config.to_dict(),
            "source": source_name(self.source),
            "evaluation_source": source_name(self.evaluation_source),
            **self.options.to_json(),
            "log_every": self.log_every,
            "unit": self.task.unit,
            "steps": self.target_step,
            "lane_used": self.task.lane,
            "lane_reason": self.task.lane_reason,
            "task": self.task.describe(),
            "callbacks": list(named(self.callbacks)),
            **recorded(self.record.begun_with, self.step),
        }

    def get_state(self) -> dict[str, Any]:
        """Return the whole state of the experiment: learner, task, callbacks and counters."""
        return {
            "experiment": self.loop.get_state(self.callbacks),
            "learner": self.learner.get_state(),
            "task": self.task.get_state(),
            "callbacks": {name: c.get_state() for name, c in named(self.callbacks).items()},
        }

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise UsageError(
            f"{type(self).__name__} cannot be copied: it holds environments, files and compiled programs. "
            "Fix: copy its learner, or train with a run directory and Experiment.resume(run_dir)."
        )

    def claim(self) -> None:
        """Take the run directory and write config.json; training and all else that writes there do it first."""
        self.record.claim(self)

    def writing_alone(self) -> AbstractContextManager[None]:
        """Keep other processes from writing the run; see `Record.writing_alone`."""
        return self.record.writing_alone(self.step)

    def evaluate_in_training(self, episodes: int | None = None) -> Evaluation:
        """Evaluate the learner on the seeds kept for selecting checkpoints, and let the callbacks know."""
        with stoppable():
            evaluation = self.task.evaluate(episodes=episodes, stream=1, step=self.step)
        self.record.add_evaluation(self, evaluation, "training")
        self.fire("on_evaluation", evaluation)
        return evaluation

    def render_in_training(self, name: str, kind: str) -> Path:
        """Show the learner at work in a file of the run, and let the callbacks know."""
        path = self.render(name, kind=kind)
        self.fire("on_render", path, kind)
        return path

    def save_checkpoint(self) -> Path | None:
        """Write a checkpoint of everything and return its path; without a run directory do nothing."""
        return self._save(beside=False)

    def save_checkpoint_beside(self) -> None:
        """Begin to write a checkpoint of everything as it is now, and let training go on meanwhile.

        It is written at once where somebody waits to hear of it, where `save_checkpoint` is overridden, or where there
        is much of it, as its arrays are copied first.
        """
        if type(self).save_checkpoint is not ExperimentBase.save_checkpoint:
            self.save_checkpoint()
        else:
            self._save(beside=not self.listens("on_checkpoint"))

    def _save(self, beside: bool) -> Path | None:
        path = self.record.save(self, beside)
        if path is not None:
            self.fire("on_checkpoint", path)
        return path

    def save_best(self, score: Mapping[str, float]) -> Path | None:
        """Write the learner as the best checkpoint so far; without a run directory do nothing."""
        return self.record.save_best(self, score)

    def end_writing(self) -> None:
        """Return when every checkpoint that was begun is whole; raise `RunDirectoryError` where one could not be."""
        self.record.end_writing()
