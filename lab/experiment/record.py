"""The record of an experiment: its history, config, evaluations and checkpoints, and the time it took."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from lab.callbacks.base import named
from lab.errors import RunDirectoryError, UsageError
from lab.experiment.clock import Clock
from lab.files import leftovers
from lab.files.beside import Beside
from lab.files.json_lines import JsonLines, clean
from lab.messages.notes import warn
from lab.results.history import History
from lab.runs import checkpoints, settings_file
from lab.runs.opening.sessions import Log
from lab.runtime.signals.interruption import leaving_due, stoppable

if TYPE_CHECKING:
    from lab.callbacks import Callback
    from lab.learner import Learner
    from lab.results.evaluation import Evaluation
    from lab.runs.directory import RunDirectory
    from lab.task import Task

# Bytes of arrays, of which a checkpoint that is written beside training has copies.
MOST_BESIDE = 1 << 28


class Recorded(Protocol):
    """What is recorded: an experiment, as far as its record looks at it."""

    @property
    def step(self) -> int:
        """Training steps taken."""

    @property
    def learner(self) -> Learner:
        """The agent, generator or predictor."""

    @property
    def task(self) -> Task:
        """What feeds it."""

    @property
    def given_callbacks(self) -> Sequence[Callback]:
        """The callbacks that its user gave it."""

    def describe(self) -> dict[str, Any]:
        """Return what config.json holds."""

    def get_state(self) -> dict[str, Any]:
        """Return what a checkpoint holds."""


class Record:
    """What an experiment keeps of itself; without a run directory nothing here writes a file.

    Args:
        directory: Where the run is written, or None.
        unit: What a step is, for the history.
        begins_trained: Whether the learner knew something before its run that settings and seed cannot bring back.

    Attributes:
        history: The rows so far.
        clock: How long training took.
        last_checkpoint: The newest whole checkpoint.
        begun_with: The run's config.json as it was before this process, or as it was last written.
        claimed: Whether the run directory is this run's.
    """

    def __init__(self, directory: RunDirectory | None, unit: str, begins_trained: bool = False) -> None:
        self.directory = directory
        self.history = History(unit=unit)
        self.clock = Clock()
        self.last_checkpoint: Path | None = None
        self.begun_with: Mapping[str, Any] | None = None
        self.claimed = False
        self._begins_trained = begins_trained
        self._described: Mapping[str, Any] | None = None
        self._resumed_at: int | None = None
        self._sums: Mapping[str, Any] = {}
        self._newest_known = -1
        self._beside, self._sessions = Beside(), Log()

    # ---------------------------------------------------------------- opening a run again

    @property
    def resumed(self) -> bool:
        """Whether the run was opened to go on, and has not done so yet."""
        return self._resumed_at is not None

    def reopen(self, directory: RunDirectory, config: Mapping[str, Any]) -> None:
        """Take over the directory of the run that goes on or is looked at."""
        self.directory, self.begun_with, self.claimed = directory, config, True

    def go_on(self, step: int, path: Path | None, notes: Mapping[str, Any], newest: int) -> None:
        """Take up the record where a checkpoint left it.

        Args:
            step: Of the checkpoint; 0 without one.
            path: Of the checkpoint.
            notes: What it was saved with.
            newest: The step of the newest checkpoint when the run was opened, whole or not; -1 where there was none.
        """
        self._newest_known, self._resumed_at = newest, step
        self._sums = notes.get("logs", {})
        self.clock.set(float(notes.get("time_elapsed", 0.0)))
        self.last_checkpoint = path
        self.show(step)

    def show(self, step: int) -> None:
        """Take the rows of the log up to a step as the history."""
        if self.directory is not None:
            rows = [row for row in JsonLines(self.directory.metrics).read() if row["step"] <= step]
            self.history = History(rows, unit=self.history.unit)

    # ---------------------------------------------------------------- rows and evaluations

    def add_row(self, step: int, metrics: Mapping[str, float], elapsed: float) -> dict[str, Any]:
        """Add a row to the history and return it.

        Args:
            step: Of the row.
            metrics: What the task gathered for it.
            elapsed: Seconds of training until then.
        """
        since = self.history.rows[-1] if self.history.rows else {"step": 0}
        pace = (step - since["step"]) / max(1e-9, elapsed - since.get("time_elapsed", 0.0))
        row = {"step": step, **metrics, "time_elapsed": elapsed, "time_steps_per_second": pace}
        if self.clock.runs > 1:
            row["time_runs_together"] = self.clock.runs
        self.history.append(row)
        return row

    def add_evaluation(self, run: Recorded, evaluation: Evaluation, purpose: str) -> None:
        """Write an evaluation to the run's log of them: `report` or `training`."""
        if self.directory is not None:
            self.claim(run)
            self._write_evaluations([(evaluation, purpose, {})])

    def _write_baselines(self, run: Recorded) -> None:
        # In one go: where one of them stands, all do.
        with leaving_due(), stoppable():
            found = run.task.baselines().items()
        self._write_evaluations([(evaluation, "baseline", {"learner": name}) for name, evaluation in found])

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

    # ---------------------------------------------------------------- the directory

    @contextlib.contextmanager
    def writing_alone(self, step: int) -> Iterator[None]:
        """Keep other processes from writing the run; without a run directory do nothing.

        Args:
            step: Where the run stands here.

        Raises:
            RunDirectoryError: When another one is writing it, or has trained it on since it was opened here.
        """
        if self.directory is None or self.directory.lock.held:
            yield
            return
        with self.directory.lock.hold():
            newest = self.directory.newest_step()
            if self.claimed and newest > self._newest_known:
                raise RunDirectoryError(
                    f"{self.directory.path} was trained on elsewhere, to step {newest:,}, since it was opened here at "
                    f"step {step:,}. Fix: open it again: Experiment.resume(run_dir)."
                )
            yield

    def claim(self, run: Recorded) -> None:
        """Take the run directory and write config.json; training and all else that writes there do it first."""
        if self.directory is None or self.claimed:
            return
        with self.writing_alone(run.step):
            self.directory.check_free()
            leftovers.clean(self.directory.path)
            if self._begins_trained:
                # Settings and seed cannot bring back what a learner knew before this run. Before config.json, because
                # only that makes it a run.
                self.directory.path.mkdir(parents=True, exist_ok=True)
                checkpoints.write(self.directory.checkpoints / f"step-{run.step:012d}", run.get_state(), {})
                self._newest_known = run.step
            self._write_config(run)
            self.claimed = True
            self._write_baselines(run)

    def begin_training(self, run: Recorded) -> None:
        """Make the run's files ready to be written on."""
        self.claim(run)
        if self.directory is None:
            return
        if self._resumed_at is not None:
            # Only training may cut the logs and tidy up: a run can be looked at while another process still trains it.
            leftovers.clean(self.directory.path)
            JsonLines(self.directory.metrics).cut(self._resumed_at, self._sums.get("metrics.jsonl"))
            kept = JsonLines(self.directory.evaluations).cut(self._resumed_at, self._sums.get("evaluations.jsonl"))
            self._resumed_at = None
            if not any(row.get("purpose") == "baseline" for row in kept):
                # It was killed while they were played.
                self._write_baselines(run)
        self._sessions.begin(self.begun_with, run.step)
        self._write_config(run)
        self._write_settings(run)

    def end_training(self, run: Recorded, why: str) -> None:
        """Write why training ended, and tidy up: a killed process' encoder may have begun its file late."""
        if self.directory is not None:
            self._sessions.end(run.step, why)
            self._write_config(run)
            leftovers.clean(self.directory.path)

    def _write_config(self, run: Recorded) -> None:
        if self.directory is not None:
            self.begun_with = config = {**run.describe(), **self._sessions.to_json(self.begun_with)}
            self.directory.write_config(config)
            self._described = config["task"]

    def _write_settings(self, run: Recorded) -> None:
        # Once, for the run as it began: what was trained on later is not what it takes to begin it again.
        if self.directory is not None and run.step == 0 and not os.path.lexists(self.directory.settings):
            more = {"own_callbacks": list(named(run.given_callbacks)), "begins_trained": self._begins_trained}
            settings_file.write(self.directory.settings, {**run.describe(), **more})

    # ---------------------------------------------------------------- checkpoints

    def save(self, run: Recorded, beside: bool) -> Path | None:
        """Write a checkpoint and return its path; without a run directory do nothing.

        Args:
            run: Of which everything is saved.
            beside: Whether to go on meanwhile, where there is not too much of it.
        """
        if self.directory is None:
            return None
        self.end_writing()
        with self.writing_alone(run.step):
            if run.task.describe() != self._described:
                # Training has found out what readers should know, such as how environments can be brought back.
                self._write_config(run)
            # What it relies on, by which a resumed run finds rows that were lost or changed.
            logs = [JsonLines(log) for log in (self.directory.metrics, self.directory.evaluations)]
            notes = {"time_elapsed": self.clock.seconds(), "logs": {log.path.name: log.sum() for log in logs}}
            path, step = self.directory.checkpoints / f"step-{run.step:012d}", run.step
            packed = checkpoints.pack_of(run.get_state)

            def write() -> None:
                for log in logs:
                    log.sync()
                checkpoints.write_packed(path, packed, notes)
                checkpoints.prune(path.parent, "step", keep=2)
                self.last_checkpoint, self._newest_known = path, step

            if beside and packed.size <= MOST_BESIDE:
                # Its arrays are those that training goes on to change.
                packed = packed.copy()
                self._beside.begin(write)
            else:
                write()
        return path

    def save_best(self, run: Recorded, score: Mapping[str, float]) -> Path | None:
        """Write the learner as the best checkpoint so far; without a run directory do nothing."""
        if self.directory is None:
            return None
        path = self.directory.checkpoints / f"best-{run.step:012d}"
        notes = {"step": run.step, "score": dict(score)}
        with self.writing_alone(run.step):
            checkpoints.write(path, {"learner": run.learner.inference_state()}, notes)
            checkpoints.prune(self.directory.checkpoints, "best", keep=1)
        return path

    def end_writing(self) -> None:
        """Return when every checkpoint that was begun is whole; raise `RunDirectoryError` for one that failed."""
        self._beside.wait()

    def end_after_error(self, run: Recorded, why: str) -> None:
        """End writing where an error is being raised already: that the disk failed as well is only said."""
        try:
            self.end_writing()
            self._sessions.end(run.step, why)
            self._write_config(run)
        except UsageError as error:
            warn(str(error), stacklevel=2)
