"""One batch of trials: suggested, trained side by side, pruned at the evaluations that they share, and written."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection

from lab.experiment.together.training import Meeting
from lab.sweep.journal import Journal, Trial
from lab.sweep.members import Team, score
from lab.sweep.plan import Plan
from lab.sweep.suggesting.study import begin, settings_of, study_of
from lab.sweep.workers.team import RemoteTeam

Crew = Team | RemoteTeam


class Batch:
    """Some trials that are suggested and trained together.

    Nothing here depends on when a process was killed: the study is made anew from the trials before the batch, scores
    are read from the runs' own files, and rungs are decided in the order of steps and numbers, as soon as all runs that
    still train have reached a step.

    Args:
        journal: The sweep's trials so far; those of the batch that have not begun are written into it.
        crew: Makes the runs of trials.
        numbers: Of the trials, of which some may have begun and some have ended.
    """

    def __init__(self, plan: Plan, journal: Journal, numbers: range, crew: Callable[[list[Trial]], Crew]) -> None:
        self.plan, self.journal, self.numbers = plan, journal, numbers
        if journal.metric is None:
            raise ValueError("a batch needs to know the metric; expected Journal.name_metric before it")
        self.metric, self.higher = journal.metric
        study = study_of(plan, journal.spaces, self.higher, [journal.trials[n] for n in range(numbers[0])])
        known = {n: journal.trials[n].settings for n in numbers if n in journal.trials}
        self.asked = {n: begin(study, plan, journal.spaces, n, known.get(n)) for n in numbers}
        journal.begin({n: settings_of(self.asked[n].params, journal.spaces) for n in numbers if n not in known})
        self.trials = {n: journal.trials[n] for n in numbers}
        self.team = crew([trial for trial in self.trials.values() if not trial.ended])
        self.pruned: dict[int, int] = {}
        self._decided = 0

    def run(self, progress: bool | None, on_end: Callable[[Trial], None] | None) -> None:
        """Train the trials to their ends, and write how they ended."""
        self.team.write_plans()
        self.team.train(Meeting(self.plan.evaluate_every, self._meet), progress)
        ended = [self._ended(trial) for trial in self.trials.values() if not trial.ended]
        self.journal.end(ended)
        self.team.close()
        for trial in ended:
            if on_end is not None:
                on_end(trial)

    # ---------------------------------------------------------------- rungs

    def _meet(self, step: int, diverged: Collection[int]) -> None:
        for number in self.team.diverged(diverged):
            # Its other seeds would train for nothing.
            self.team.stop(number, "another seed of the trial diverged")
            self.team.fail(number, "a seed diverged")
        reached = step // self.plan.evaluate_every
        if self.plan.pruner != "none":
            reports = {n: self._reports(n) for n in self.numbers if n not in self.team.failed}
            for index in range(self._decided + 1, reached + 1):
                for n, found in reports.items():
                    if n not in self.pruned and index in found:
                        self._decide(n, index, found[index])
        self._decided = reached

    def _decide(self, number: int, index: int, value: float) -> None:
        asked, trial = self.asked[number], self.trials[number]
        asked.report(value, index * self.plan.evaluate_every)
        if asked.should_prune() and not trial.ended:
            self.pruned[number] = index
            step = index * self.plan.evaluate_every
            self.team.stop(number, f"pruned by {self.plan.pruner} at step {step:,}, where it scored {value:.6g}")

    def _reports(self, number: int) -> dict[int, float]:
        trial, every = self.trials[number], self.plan.evaluate_every
        if trial.ended:
            return {step // every: value for step, value in trial.reports.items()}
        return {i: score(self.plan, found) for i, found in self.team.scores(number, self.metric).items()}

    # ---------------------------------------------------------------- ends

    def _ended(self, trial: Trial) -> Trial:
        number, every = trial.number, self.plan.evaluate_every
        by_seed = self.team.scores(number, self.metric)
        last = self.pruned.get(number)
        by_seed = {index: found for index, found in by_seed.items() if last is None or index <= last}
        scores = {index: score(self.plan, found) for index, found in by_seed.items()}
        step, reason, state = self.team.step(number), self.team.failed.get(number, ""), "complete"
        if reason or not scores:
            state, reason = "failed", reason or f"none of its evaluations has a finite {self.metric}"
        elif last is not None:
            state, reason = "pruned", f"scored {scores[last]:.6g} at step {last * every:,}"
        reports = {index * every: value for index, value in scores.items()}
        if state == "failed":
            return dataclasses.replace(trial, state=state, reports=reports, step=step, reason=_short(reason))
        sign = 1.0 if self.higher else -1.0
        chosen = max(scores) if self.plan.score == "last" else max(scores, key=lambda i: (sign * scores[i], i))
        values: dict[int, float | None] = dict(by_seed[chosen])
        return dataclasses.replace(
            trial, state=state, value=scores[chosen], values=values, reports=reports, step=step, reason=reason
        )


def _short(reason: str) -> str:
    return " ".join(reason.split())[:1_000]
