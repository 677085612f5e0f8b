"""How likely one learner is to do better than another."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import ArrayLike

from lab.errors import bad_value
from lab.results.statistics.checks import by_run_and_task, check_draws
from lab.results.statistics.intervals import times_drawn
from lab.results.statistics.runs import LEAST_RUNS


@dataclasses.dataclass(frozen=True)
class Improvement:
    """The probability that a run of one learner beats a run of another, with its interval.

    Attributes:
        value: The probability; 0.5 where neither is better.
        low, high: Ends of its interval over runs; None where either has fewer than three runs.
        runs, others: How many runs each has.
        tasks: How many tasks both have.
    """

    value: float
    low: float | None
    high: float | None
    runs: int
    others: int
    tasks: int

    def __str__(self) -> str:
        if self.low is None or self.high is None:
            return f"{self.value:.2f} (no interval: {self.runs} and {self.others} runs, at least {LEAST_RUNS} needed)"
        return f"{self.value:.2f} [{self.low:.2f}, {self.high:.2f}]"


def probability_of_improvement(
    scores: ArrayLike, others: ArrayLike, level: float = 0.95, resamples: int = 2000, seed: int = 0
) -> Improvement:
    """Estimate the probability that a run of one learner beats a run of another (Agarwal et al. 2021, section 4.3).

    In each task it is the fraction of all pairs of runs in which the first is higher, ties counting half (the statistic
    of Mann and Whitney over the number of pairs); then the mean over tasks. Only the order of scores within a task
    counts, so tasks need no common scale. Where less is better, give the negative of both. The interval is the
    percentile bootstrap: runs of both are drawn apart, with replacement, within each task.

    Args:
        scores: Of the first, one a run: float (runs,) of one task, or (runs, tasks).
        others: Of the second, as the first; of the same tasks in the same order, of any number of runs.
        level: Coverage, between 0 and 1.
        resamples: How often to draw.
        seed: Of the draws.

    Raises:
        ValueError: For no run, scores that are not finite, tasks with other numbers of runs, or other numbers of tasks.
    """
    mine, theirs = (by_run_and_task(given, "probability_of_improvement") for given in (scores, others))
    if mine.shape[1] != theirs.shape[1]:
        received = f"{mine.shape[1]} and {theirs.shape[1]} tasks"
        raise bad_value("probability_of_improvement", "scores of", received, "the same tasks of both")
    check_draws(level, resamples)
    (runs, tasks), count = mine.shape, len(theirs)
    # (tasks, runs, others): what each pair of runs gives.
    won = (1 + np.sign(mine.T[:, :, None] - theirs.T[:, None, :])) / 2
    value = float(won.mean())
    if min(runs, count) < LEAST_RUNS:
        return Improvement(value, None, None, runs, count, tasks)
    generator, drawn = np.random.default_rng(seed), np.zeros(resamples)
    for pairs in won:
        first, second = (times_drawn(generator, number, resamples) for number in (runs, count))
        drawn += np.sum(first @ pairs * second, axis=1) / (runs * count * tasks)
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Improvement(value, float(low), float(high), runs, count, tasks)
