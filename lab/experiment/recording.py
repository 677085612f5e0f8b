"""How an experiment writes its run: config, evaluations, checkpoints, and the time it took."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.errors import RunDirectoryError, UsageError
from lab.experiment import resuming
from lab.experiment.hooks import Hooks
from lab.experiment.turns import Turns
from lab.files import leftovers
from lab.files.beside import Beside
from lab.files.json_lines import JsonLines, clean
from lab.runs import checkpoints
from lab.runtime.interruption import leaving_due, stoppable

if TYPE_CHECKING:
    from lab.callbacks import Callback
    from lab.learner import Learner
    from lab.results.evaluation import Evaluation
    from lab.results.history import History
    from lab.runs.directory import RunDirectory
    from lab.task import Control, Task


# Bytes of arrays, of which a checkpoint that is written beside training has copies.
MOST_BESIDE = 1 << 28


class Recording(Hooks):
    """The part of `Experiment` that keeps the record; without a run directory nothing here writes a file."""

    directory: RunDirectory | None = None
    learner: Learner
    source: Any
    evaluation_source: Any = None
    task: Task
    options: dict[str, Any]
    log_every: int
    history: History
    _control: Control
    step = 0
    target_step = 0
    last_checkpoint: Path | None = None
    _claimed = False
    _begins_built = False
    _resumed_at: int | None = None
    _logs: Mapping[str, Any] = {}
    _writer: Beside | None = None
    _newest_known = -1
    _described: Mapping[str, Any] | None = None
    _elapsed = 0.0
    _elapsed_before = 0.0
    _started: float | None = None
    _turns: Turns | None = None
    # The run's config.json as it was before this process.
    begun_with: Mapping[str, Any] | None = None
    # Callbacks whose interval has come and that have not been called yet.
    _due: list[Callback]

    @property
    def _beside(self) -> Beside:
        if self._writer is None:
            self._writer = Beside()
        return self._writer

    @property
    def task_step(self) -> int:
        """The training step, exact also within a chunk."""
        return self.step + self._control.taken

    def log(self) -> None:
        """Add a row of what the task gathered since the last one."""
        elapsed = self._time_elapsed()
        since = self.history.rows[-1] if self.history.rows else {"step": 0}
        pace = (self.step - since["step"]) / max(1e-9, elapsed - since.get("time_elapsed", 0.0))
        row = {"step": self.step, **self.task.drain(), "time_elapsed": elapsed, "time_steps_per_second": pace}
        if self._turns is not None and self._turns.runs > 1:
            row["time_runs_together"] = self._turns.runs
        self.history.append(row)
        self.fire("on_log", row)

    def get_state(self) -> dict[str, Any]:
        """Return the whole state of the experiment: learner, task, callbacks and counters."""
        names = [name for name, c in resuming.named(self.callbacks).items() if c in self._due]
        due = {"due": names} if names else {}
        return {
            "experiment": {"step": self.step, "target_step": self.target_step, **due},
            "learner": self.learner.get_state(),
            "task": self.task.get_state(),
            "callbacks": {name: c.get_state() for name, c in resuming.named(self.callbacks).items()},
        }

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise UsageError(
            f"{type(self).__name__} cannot be copied: it holds environments, files and compiled programs. "
            "Fix: copy its learner, or train with a run directory and Experiment.resume(run_dir)."
        )

    def save_checkpoint(self) -> Path | None:
        """Write a checkpoint of everything and return its path; without a run directory do nothing."""
        return self._save(beside=False)

    def save_checkpoint_beside(self) -> None:
        """Begin to write a checkpoint of everything as it is now, and let training go on meanwhile.

        It is written at once where somebody waits to hear of it, where `save_checkpoint` is overridden, or where there
        is much of it, as its arrays are copied first.
        """
        if type(self).save_checkpoint is not Recording.save_checkpoint:
            self.save_checkpoint()
        else:
            self._save(beside=type(self).on_checkpoint is Hooks.on_checkpoint and not self._callbacks_listen())

    def end_writing(self) -> None:
        """Return when every checkpoint that was begun is whole.

        Raises:
            RunDirectoryError: When one could not be written.
        """
        self._beside.wait()

    def _callbacks_listen(self) -> bool:
        from lab.callbacks import Callback

        return any(type(c).on_checkpoint is not Callback.on_checkpoint for c in self.callbacks)

    def _save(self, beside: bool) -> Path | None:
        if self.directory is None:
            return None
        self.end_writing()
        with self.writing_alone():
            if self.task.describe() != self._described:
                # Training has found out what readers should know, such as how environments can be brought back.
                self._write_config()
            # What this checkpoint relies on, by which a resumed run finds rows that were lost or changed.
            logs = [JsonLines(log) for log in (self.directory.metrics, self.directory.evaluations)]
            notes = {"time_elapsed": self._time_elapsed(), "logs": {log.path.name: log.sum() for log in logs}}
            path, step = self.directory.checkpoints / f"step-{self.step:012d}", self.step
            packed = checkpoints.pack(self.get_state())

            def write() -> None:
                for log in logs:
                    log.sync()
                checkpoints.write_packed(path, packed, notes)
                checkpoints.prune(path.parent, "step", keep=2)
                self.last_checkpoint, self._newest_known = path, step

            if beside and packed.size <= MOST_BESIDE:
                # A learner's `get_state` may hand out arrays that it goes on to change.
                packed = packed.copy()
                self._beside.begin(write)
            else:
                write()
        self.fire("on_checkpoint", path)
        return path

    def save_best(self, score: Mapping[str, float]) -> Path | None:
        """Write the learner as the best checkpoint so far; without a run directory do nothing."""
        if self.directory is None:
            return None
        path = self.directory.checkpoints / f"best-{self.step:012d}"
        notes = {"step": self.step, "score": dict(score)}
        with self.writing_alone():
            checkpoints.write(path, {"learner": self.learner.inference_state()}, notes)
            checkpoints.prune(self.directory.checkpoints, "best", keep=1)
        return path

    @contextlib.contextmanager
    def writing_alone(self) -> Iterator[None]:
        """Keep other processes from writing the run; without a run directory do nothing.

        Raises:
            RunDirectoryError: When another one is writing it, or has trained it on since it was opened here.
        """
        if self.directory is None or self.directory.lock.held:
            yield
            return
        with self.directory.lock.hold():
            self._check_not_trained_elsewhere(self.directory)
            yield

    def _check_not_trained_elsewhere(self, directory: RunDirectory) -> None:
        newest = resuming.newest_step(directory)
        if self._claimed and newest > self._newest_known:
            raise RunDirectoryError(
                f"{directory.path} was trained on elsewhere, to step {newest:,}, since it was opened here at step "
                f"{self.step:,}. Fix: open it again: Experiment.resume(run_dir)."
            )

    def claim(self) -> None:
        """Take the run directory and write config.json; training and all else that writes there do it first."""
        if self.directory is None or self._claimed:
            return
        with self.writing_alone():
            self.directory.check_free()
            if self._begins_built:
                # Settings and seed cannot bring back what a learner knew before this run. Before config.json, because
                # only that makes it a run.
                self.directory.path.mkdir(parents=True, exist_ok=True)
                checkpoints.write(self.directory.checkpoints / f"step-{self.step:012d}", self.get_state(), {})
                self._newest_known = self.step
            self._write_config()
            self._claimed = True
            self._write_baselines()

    def _begin_writing(self) -> None:
        self.claim()
        if self.directory is None:
            return
        if self._resumed_at is not None:
            # Only training may cut the logs and tidy up: a run can be looked at while another process still trains it.
            leftovers.clean(self.directory.path)
            JsonLines(self.directory.metrics).cut(self._resumed_at, self._logs.get("metrics.jsonl"))
            kept = JsonLines(self.directory.evaluations).cut(self._resumed_at, self._logs.get("evaluations.jsonl"))
            self._resumed_at = None
            if not any(row.get("purpose") == "baseline" for row in kept):
                # It was killed while they were played.
                self._write_baselines()
        self._write_config()

    def _write_config(self) -> None:
        if self.directory is not None:
            config = resuming.describe(self)
            self.directory.write_config(config)
            self.begun_with = config
            self._described = config["task"]

    def _write_baselines(self) -> None:
        # In one go: where one of them stands, all do.
        with leaving_due(), stoppable():
            found = self.task.baselines().items()
        self._write_evaluations([(evaluation, "baseline", {"learner": name}) for name, evaluation in found])

    def _write_evaluation(self, evaluation: Evaluation, purpose: str) -> None:
        if self.directory is not None:
            self.claim()
            self._write_evaluations([(evaluation, purpose, {})])

    def _write_evaluations(self, found: list[tuple[Evaluation, str, dict[str, str]]]) -> None:
        if self.directory is None:
            return
        rows = [clean({"step": e.step, "purpose": purpose, **more, **e.to_dict()}) for e, purpose, more in found]
        log = JsonLines(self.directory.evaluations)
        if any(row["purpose"] == "report" for row in rows):
            # The same weights on the same seeds: asked again, as when a kill came before the answer was shown.
            known = log.read()
            rows = [row for row in rows if row not in known]
        log.append(*rows)

    def _time_elapsed(self) -> float:
        if self._started is None:
            return self._elapsed
        if self._turns is not None:
            return self._elapsed_before + self._turns.seconds()
        return self._elapsed_before + time.perf_counter() - self._started
