"""A statistic over runs, with its interval."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lab.errors import bad_value
from lab.results.statistics.averages import iqm, optimality_gap
from lab.results.statistics.checks import by_run_and_task
from lab.results.statistics.intervals import stratified_bootstrap_interval

# Of one run or two a bootstrap can only give back the runs themselves.
LEAST_RUNS = 3
STATISTICS = ("iqm", "mean", "median", "optimality_gap")


@dataclasses.dataclass(frozen=True)
class RunsEstimate:
    """A statistic over runs, with its interval.

    Attributes:
        value: The statistic.
        low, high: Ends of its interval over runs; None of fewer than three runs, which say nothing of how runs differ.
        runs, tasks: How many there are.
        statistic: `iqm`, `mean`, `median` or `optimality_gap`.
    """

    value: float
    low: float | None
    high: float | None
    runs: int
    tasks: int
    statistic: str

    def __str__(self) -> str:
        if self.low is None or self.high is None:
            runs = "1 run" if self.runs == 1 else f"{self.runs} runs"
            return f"{self.value:.4g} (no interval: {runs}, at least {LEAST_RUNS} needed)"
        return f"{self.value:.4g} [{self.low:.4g}, {self.high:.4g}]"


def over_runs(
    scores: ArrayLike,
    statistic: str = "iqm",
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
    *,
    target: float | None = None,
) -> RunsEstimate:
    """Estimate a statistic over runs: each run is one sample, however many episodes its score is the mean of.

    Definitions and interval are those of rliable (Agarwal et al. 2021, sections 4.1 and 4.3): `iqm` is the
    interquartile mean of all runs of all tasks, `mean` and `median` are those over tasks of each task's mean over runs,
    `optimality_gap` is the mean by which runs fall short of `target`, those beyond it counting as equal to it;
    the interval is the percentile bootstrap, stratified: runs are drawn with replacement within each task.

    Args:
        scores: One score a run: float (runs,) of one task, or (runs, tasks).
        statistic: `iqm`, `mean`, `median` or `optimality_gap`. With one task the mean and the median are those over its
            runs. Scores of tasks that differ in their scale are brought to one first (`normalised`).
        level: Coverage, between 0 and 1.
        resamples: How often to draw.
        seed: Of the draws.
        target: The score that is good enough, for `optimality_gap`.

    Raises:
        ValueError: For no run, scores that are not finite, tasks with other numbers of runs, more than two axes,
            another statistic, or a gap without a target.
    """
    matrix = by_run_and_task(scores, "over_runs")
    if statistic not in STATISTICS:
        raise bad_value("over_runs", "statistic", statistic, "'iqm', 'mean', 'median' or 'optimality_gap'")
    if (target is None) == (statistic == "optimality_gap"):
        expected = "a score that is good enough" if target is None else f"none with {statistic!r}"
        raise bad_value("over_runs", "target", target, expected, "target=1.0 with statistic='optimality_gap'")
    runs, tasks = matrix.shape

    def of(drawn: NDArray[np.float64], /, *, axis: int) -> Any:
        # The runs of one task after those of the other, as they are drawn below.
        if statistic == "iqm":
            return iqm(drawn, axis=axis)
        if target is not None:
            return optimality_gap(drawn, target, axis=axis)
        if statistic == "median":
            return np.median(drawn if tasks == 1 else drawn.reshape(len(drawn), tasks, runs).mean(axis=2), axis=1)
        return drawn.mean(axis=axis)

    value = float(of(matrix.T.reshape(1, -1), axis=1)[0])
    if runs < LEAST_RUNS:
        return RunsEstimate(value, None, None, runs, tasks, statistic)
    low, high = stratified_bootstrap_interval(list(matrix.T), of, level, resamples, seed)
    return RunsEstimate(value, low, high, runs, tasks, statistic)
