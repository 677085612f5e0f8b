"""Periodic evaluation, and the best checkpoint by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.callbacks.base import Callback
from lab.errors import UsageError, nearest

if TYPE_CHECKING:
    from lab.callbacks.run import Run


class Evaluate(Callback):
    """Evaluates every `every` steps and keeps the best checkpoint.

    Its evaluation seeds are a stream of their own, so that the score a run reports is never the one it was
    selected by.

    Args:
        every: Training steps between evaluations.
        episodes: Episodes (samples for a generator, examples for a predictor) each time; None for the task's default.
        monitor: The metric to select by; None for the evaluation's own main metric.
        keep_best: Whether to keep the best checkpoint, where the experiment has a run directory.
    """

    not_state: tuple[str, ...] = ("episodes", "monitor", "keep_best")

    def __init__(
        self, every: int, episodes: int | None = None, monitor: str | None = None, keep_best: bool = True
    ) -> None:
        super().__init__(every)
        self.episodes = episodes
        self.monitor = monitor
        self.keep_best = keep_best
        self.best: float | None = None
        self.best_step: int | None = None

    def check_training(self, experiment: Run) -> None:
        known = experiment.task.evaluation_names
        if self.monitor is not None and known and self.monitor not in known:
            raise UsageError(f"Evaluate: monitor received {self.monitor!r}; {nearest(self.monitor, known)}")

    def on_train_begin(self, experiment: Run) -> None:
        experiment.task.expect_evaluation(self.episodes)

    def on_interval(self, experiment: Run) -> None:
        evaluation = experiment.evaluate_in_training(self.episodes)
        name = self.monitor or evaluation.main
        if name in evaluation.left_out:
            raise UsageError(f"Evaluate: monitor received {name!r}. {evaluation.left_out[name]}")
        if name not in evaluation:
            raise UsageError(f"Evaluate: monitor received {name!r}; {nearest(name, evaluation)}")
        score = evaluation[name]
        better = self.best is None or (score > self.best if evaluation.higher_is_better(name) else score < self.best)
        # A later equal is preferred: it has seen more data, and a score at the task's ceiling ties often.
        if better or score == self.best:
            self.best, self.best_step = float(score), experiment.step
            if self.keep_best:
                experiment.save_best({name: self.best})
