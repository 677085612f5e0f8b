"""The runs of a batch of trials on workers: as `lab.sweep.members.Team`, and with the same outcome."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lab.config import make
from lab.experiment.experiment import Experiment
from lab.experiment.together.training import Meeting, steps_bar
from lab.runs import population
from lab.sweep.journal import Trial
from lab.sweep.plan import Plan
from lab.sweep.workers.backend import Ray
from lab.sweep.workers.messages import Job, Report, Run, shared_out
from lab.sweep.workers.pool import Pool


@contextmanager
def workers(
    backend: Ray, plan: Plan, directory: Path, pattern: Experiment, callbacks: list[Any], exact: bool
) -> Iterator[Callable[[list[Trial], str], RemoteTeam]]:
    """Give the workers of a sweep, and within the block what makes teams of them, of trials and a metric."""
    kind = type(pattern.learner)
    job = Job(plan, directory, pattern.source, pattern.evaluation_source, kind, callbacks, exact)
    with Pool(backend, job) as pool:
        yield lambda trials, metric: RemoteTeam(plan, type(pattern.learner.config), pool, trials, metric)


class RemoteTeam:
    """The runs of the trials of one batch, each on one worker.

    Workers wait for each other where runs of one process do, at evaluations, and what is decided there is decided here.
    So it is decided from the same scores in the same order.

    Args:
        plan: The sweep's.
        kind: The learner's class of settings.
        pool: The workers.
        trials: Those that have not ended.
        metric: That is scored.

    Attributes:
        failed: Why a trial cannot run, or diverged, by its number.
    """

    def __init__(self, plan: Plan, kind: type[Any], pool: Pool, trials: list[Trial], metric: str) -> None:
        self.plan, self.kind, self.pool, self.trials = plan, kind, pool, trials
        self.failed: dict[int, str] = {}
        self.shares = shared_out(trials, plan.seeds, pool.size, metric)
        self._reports: dict[int, Report] = {}
        self._stops: dict[int, tuple[int, str]] = {}
        self._now = 0
        for i, share in enumerate(self.shares):
            self.pool.begin(i, share)
        while self.pool.busy:
            self._heard(*self.pool.next())
        self._take_failures()

    def _heard(self, i: int, report: Report | None) -> bool:
        # A worker that died begins its share again, from the checkpoints of its runs.
        if report is None:
            self.pool.begin(i, self.shares[i])
            return False
        self._reports[i] = report
        return True

    def _take_failures(self) -> None:
        for i in sorted(self._reports):
            for number, reason in self._reports[i].failed.items():
                self.fail(number, reason)

    def write_plans(self) -> None:
        """Write beside the runs of each trial what they are; see `Team.write_plans`."""
        for trial in self.trials:
            if trial.number in self.failed or population.is_population(trial.path):
                continue
            settings = make(self.kind, {**self.plan.settings, **trial.settings}).to_dict()
            plan, seeds = self.plan, self.plan.seeds
            members = [population.Member(f"seed-{seed}", seed, settings) for seed in seeds]
            own = (plan.learner, plan.source, plan.steps, plan.options, plan.callbacks, members)
            population.write(trial.path, population.Population(*own))

    def train(self, meeting: Meeting, progress: bool | None) -> None:
        """Train what is left of the runs; those that diverge fail their trials."""
        waiting: dict[int, int] = {}
        met = 0
        with self._bar(progress) as show, self._interruptible(waiting):
            for i in range(len(self.shares)):
                self.pool.go_on(i, {})
            while self.pool.busy or waiting:
                if not self.pool.busy:
                    reached = min(waiting.values())
                    if reached > met:
                        self._now = met = reached
                        meeting.meet(reached * meeting.every, self._diverged())
                    # A worker that began again is behind the others, and catches up with them first.
                    for i in [i for i, place in waiting.items() if place == reached]:
                        del waiting[i]
                        self.pool.go_on(i, self._stopped(reached))
                    continue
                i, report = self.pool.next()
                if not self._heard(i, report) or report is None:
                    continue
                if report.kind == "built":
                    self.pool.go_on(i, {})
                elif report.kind == "met":
                    waiting[i] = report.reached
                show()
        self._take_failures()

    @contextmanager
    def _interruptible(self, waiting: dict[int, int]) -> Iterator[None]:
        try:
            yield
        except (KeyboardInterrupt, SystemExit):
            self.pool.interrupt(iter(waiting))
            raise

    def _stopped(self, reached: int) -> dict[int, str]:
        return {number: reason for number, (place, reason) in self._stops.items() if place <= reached}

    def _diverged(self) -> frozenset[int]:
        return frozenset().union(*(report.diverged for report in self._reports.values()))

    def diverged(self, numbers: Collection[int]) -> set[int]:
        """Return the trials of runs that diverged: what `train` passes to a meeting."""
        return set(numbers)

    def fail(self, number: int, reason: str) -> None:
        """Note why a trial failed; what was first stays."""
        self.failed.setdefault(number, reason)

    def stop(self, number: int, reason: str) -> None:
        """End the training of a trial's runs where they are."""
        self._stops.setdefault(number, (self._now, reason))

    def step(self, number: int) -> int:
        """Return the step that the runs of a trial have reached; 0 where it has none."""
        found = [n for report in self._reports.values() for run, n in report.steps.items() if run.number == number]
        return max(found, default=0)

    def scores(self, number: int, metric: str) -> dict[int, dict[int, float]]:
        """Return what a trial's runs scored, by the number of the evaluation and the seed; see `Team.scores`."""
        every = {run: scores for report in self._reports.values() for run, scores in report.scores.items()}
        if number in self.failed and not any(run.number == number for run in every):
            return {}
        own = {seed: every.get(Run(number, seed), {}) for seed in self.plan.seeds}
        shared = set.intersection(*(set(scores) for scores in own.values()))
        return {index: {seed: scores[index] for seed, scores in own.items()} for index in sorted(shared)}

    def close(self) -> None:
        """Free what is held: nothing here, and the workers have."""

    @contextmanager
    def _bar(self, progress: bool | None) -> Iterator[Any]:
        runs = sum(len(share.runs) for share in self.shares)
        words = f"{runs} x {self.plan.learner} on {len(self.shares)} workers"
        bar = steps_bar(runs * self.plan.steps, words, progress)

        def refresh() -> None:
            bar.n = sum(sum(report.steps.values()) for report in self._reports.values())
            bar.refresh()

        with bar:
            yield refresh
