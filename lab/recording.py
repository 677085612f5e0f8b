"""How an experiment writes its run: config, evaluations, checkpoints, and the time it took."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab import checkpoints, resuming
from lab.hooks import Hooks
from lab.logging import JsonLines

if TYPE_CHECKING:
    from lab.evaluation import Evaluation
    from lab.history import History
    from lab.learner import Learner
    from lab.run_directory import RunDirectory
    from lab.task import Control, Task


class Recording(Hooks):
    """The part of `Experiment` that keeps the record; without a run directory nothing here writes a file."""

    directory: RunDirectory | None = None
    learner: Learner
    source: Any
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
    _described: Mapping[str, Any] | None = None
    _elapsed = 0.0
    _elapsed_before = 0.0
    _started: float | None = None

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
        self.history.append(row)
        self.fire("on_log", row)

    def get_state(self) -> dict[str, Any]:
        """Return the whole state of the experiment: learner, task, callbacks and counters."""
        return {
            "experiment": {"step": self.step, "target_step": self.target_step},
            "learner": self.learner.get_state(),
            "task": self.task.get_state(),
            "callbacks": {name: c.get_state() for name, c in resuming.named(self.callbacks).items()},
        }

    def save_checkpoint(self) -> Path | None:
        """Write a checkpoint of everything and return its path; without a run directory do nothing."""
        if self.directory is None:
            return None
        for log in (self.directory.metrics, self.directory.evaluations):
            JsonLines(log).sync()
        if self.task.describe() != self._described:
            # Training has found out what the run's reader should know, such as how environments can be brought back.
            self._write_config()
        path = self.directory.checkpoints / f"step-{self.step:012d}"
        checkpoints.write(path, self.get_state(), {"time_elapsed": self._time_elapsed()})
        checkpoints.prune(self.directory.checkpoints, "step", keep=2)
        self.last_checkpoint = path
        self.fire("on_checkpoint", path)
        return path

    def save_best(self, score: Mapping[str, float]) -> Path | None:
        """Write the learner as the best checkpoint so far; without a run directory do nothing."""
        if self.directory is None:
            return None
        path = self.directory.checkpoints / f"best-{self.step:012d}"
        checkpoints.write(path, {"learner": self.learner.inference_state()}, {"step": self.step, "score": dict(score)})
        checkpoints.prune(self.directory.checkpoints, "best", keep=1)
        return path

    def claim(self) -> None:
        """Take the run directory and write config.json; training and all else that writes there do it first."""
        if self.directory is None or self._claimed:
            return
        self.directory.check_free()
        if self._begins_built:
            # Settings and seed cannot bring back what a learner knew before this run. Before config.json, because
            # only that makes it a run.
            checkpoints.write(self.directory.checkpoints / f"step-{self.step:012d}", self.get_state(), {})
        self._write_config()
        self._claimed = True
        for name, evaluation in self.task.baselines().items():
            self._write_evaluation(evaluation, "baseline", learner=name)

    def _begin_writing(self) -> None:
        self.claim()
        if self.directory is None:
            return
        if self._resumed_at is not None:
            # Only training may cut the logs: a run can be looked at while another process still trains it.
            JsonLines(self.directory.metrics).cut(self._resumed_at)
            JsonLines(self.directory.evaluations).cut(self._resumed_at)
            self._resumed_at = None
        self._write_config()

    def _write_config(self) -> None:
        if self.directory is not None:
            config = resuming.describe(self)
            self.directory.write_config(config)
            self._described = config["task"]

    def _write_evaluation(self, evaluation: Evaluation, purpose: str, **more: Any) -> None:
        if self.directory is None:
            return
        self.claim()
        row = {"step": evaluation.step, "purpose": purpose, **more, **evaluation.to_dict()}
        JsonLines(self.directory.evaluations).append(row)

    def _time_elapsed(self) -> float:
        if self._started is None:
            return self._elapsed
        return self._elapsed_before + time.perf_counter() - self._started
