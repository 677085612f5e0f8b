"""The runs of a batch of trials: begun or resumed, trained side by side, and what their files say they scored."""

from __future__ import annotations

import copy
import math
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from lab.callbacks import Callback
from lab.config import make
from lab.errors import UsageError
from lab.experiment.experiment import Experiment
from lab.experiment.together.siblings import plan_of, sibling
from lab.experiment.together.training import Meeting, train_side_by_side
from lab.files.json_lines import JsonLines
from lab.results.statistics import iqm
from lab.runs import population
from lab.runs.directory import RunDirectory
from lab.runs.opening import building
from lab.sweep.journal import Trial
from lab.sweep.plan import Plan


class Member(NamedTuple):
    """One run of a trial.

    Attributes:
        number: The trial's.
        seed: The run's.
        experiment: It trains.
    """

    number: int
    seed: int
    experiment: Experiment


class Team:
    """The runs of the trials of one batch.

    Args:
        plan: The sweep's.
        pattern: An experiment that all runs are like.
        trials: Those that have not ended.
        callbacks: Made as the sweep's were, for resumed runs.
        exact: As for `Experiment.resume`.
        runs: Only these, by trial and seed; None for all.

    Attributes:
        members: The runs, in the order of trials and seeds.
        failed: Why a trial cannot run, or diverged, by its number.
        lost: The trials of runs that diverged.
    """

    def __init__(
        self,
        plan: Plan,
        pattern: Experiment,
        trials: Iterable[Trial],
        callbacks: Iterable[Callback],
        exact: bool,
        runs: Collection[tuple[int, int]] | None = None,
    ) -> None:
        self.plan, self.pattern = plan, pattern
        self.callbacks, self.exact = list(callbacks), exact
        self.failed: dict[int, str] = {}
        self.lost: set[int] = set()
        self._runs = runs
        self.members: list[Member] = []
        self._left: list[Member] = []
        for trial in trials:
            self._add(trial)

    def _add(self, trial: Trial) -> None:
        own: list[tuple[Member, bool]] = []
        try:
            config = make(type(self.pattern.learner.config), {**self.plan.settings, **trial.settings})
            for seed in self.plan.seeds:
                if self._runs is not None and (trial.number, seed) not in self._runs:
                    continue
                directory = trial.path / f"seed-{seed}"
                begun = (directory / "config.json").exists()
                one = self._resumed(directory) if begun else sibling(self.pattern, config, seed, directory)
                own.append((Member(trial.number, seed, one), begun))
                if not begun or one.is_unfinished:
                    one.prepare_training(None if begun else self.plan.steps)
        except UsageError as error:
            # Settings that are each in bounds and do not go together; a run that has begun was in order.
            if own and own[-1][1]:
                raise
            self.failed[trial.number] = str(error)
            for member, _ in own:
                member.experiment.close()
            return
        self.members += [member for member, _ in own]
        self._left += [member for member, begun in own if not begun or member.experiment.is_unfinished]

    def _resumed(self, directory: Path) -> Experiment:
        found = RunDirectory(directory)
        config = found.read_config()
        again = {"source": self.pattern.source, "evaluation_source": self.pattern.evaluation_source}
        fresh = building.made_from(config, found, type(self.pattern.learner))
        return type(self.pattern).resume(
            directory, **again, learner=fresh, callbacks=copy.deepcopy(self.callbacks), progress=False, exact=self.exact
        )

    def write_plans(self) -> None:
        """Write beside the runs of each trial what they are, so that each trial is a directory of runs of its own."""
        for number in {member.number for member in self.members}:
            own = [member.experiment for member in self.members if member.number == number]
            directory = own[0].directory
            if directory is not None and not population.is_population(directory.path.parent):
                population.write(directory.path.parent, plan_of(own[0], own))

    def train(self, meeting: Meeting, progress: bool | None) -> None:
        """Train what is left of the runs; those that diverge fail their trials."""
        left = [member.experiment for member in self._left]
        if left:
            for i, error in train_side_by_side(left, progress, meeting).items():
                self.lost.add(self._left[i].number)
                self.fail(self._left[i].number, f"seed {self._left[i].seed} diverged: {error}")

    def diverged(self, places: Collection[int]) -> set[int]:
        """Return the trials of runs that diverged, by their places among those that were left."""
        return {self._left[i].number for i in places}

    def fail(self, number: int, reason: str) -> None:
        """Note why a trial failed; what was first stays."""
        self.failed.setdefault(number, reason)

    def stop(self, number: int, reason: str) -> None:
        """End the training of a trial's runs."""
        for member in self._left:
            if member.number == number:
                member.experiment.stop(reason)

    def step(self, number: int) -> int:
        """Return the step that the runs of a trial have reached; 0 where it has none."""
        return max((m.experiment.step for m in self.members if m.number == number), default=0)

    def scores(self, number: int, metric: str) -> dict[int, dict[int, float]]:
        """Return what a trial's runs scored, by the number of the evaluation (from 1) and the seed.

        Evaluations that not all of its runs have made are left out, and those that gave no finite number.
        """
        own = [member for member in self.members if member.number == number]
        found = {member.seed: self.scores_of(member.experiment, metric) for member in own}
        shared = set.intersection(*(set(scores) for scores in found.values())) if found else set()
        return {index: {seed: scores[index] for seed, scores in found.items()} for index in sorted(shared)}

    def scores_of(self, experiment: Experiment, metric: str) -> dict[int, float]:
        """Return what a run's evaluations scored, by their number."""
        # Out of the run's own file, so that a resumed run's come from where an uninterrupted one's do.
        if experiment.directory is None:
            return {}
        rows = JsonLines(experiment.directory.evaluations).read()
        made = [row for row in rows if row.get("purpose") == "training" and row["step"] <= experiment.step]
        values = {row["step"] // self.plan.evaluate_every: row.get(metric) for row in made}
        return {i: float(v) for i, v in values.items() if isinstance(v, (int, float)) and math.isfinite(v)}

    def close(self) -> None:
        """Free what the runs hold."""
        for member in self.members:
            member.experiment.close()


def score(plan: Plan, by_seed: Mapping[int, float]) -> float:
    """Return what a trial scored over its seeds."""
    values = list(by_seed.values())
    return float(iqm(values)) if plan.statistic == "iqm" else float(sum(values) / len(values))
