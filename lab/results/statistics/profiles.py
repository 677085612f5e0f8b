"""Performance profiles: what fraction of runs scores above each threshold."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lab.errors import bad_value
from lab.results.statistics.checks import by_run_and_task, check_draws, finite
from lab.results.statistics.intervals import times_drawn
from lab.results.statistics.runs import LEAST_RUNS


@dataclasses.dataclass(frozen=True)
class PerformanceProfile:
    """The distribution of scores over runs, with a pointwise band.

    Attributes:
        thresholds: float64 (T,).
        fractions: float64 (T,), the fraction of runs, mean over tasks, that scores above each.
        low, high: float64 (T,), ends of the intervals over runs; None of fewer than three runs.
        runs, tasks: How many there are.
    """

    thresholds: NDArray[np.float64]
    fractions: NDArray[np.float64]
    low: NDArray[np.float64] | None
    high: NDArray[np.float64] | None
    runs: int
    tasks: int


def performance_profile(
    scores: ArrayLike, thresholds: ArrayLike, level: float = 0.95, resamples: int = 2000, seed: int = 0
) -> PerformanceProfile:
    """Return the run-score distribution (Agarwal et al. 2021, section 4.2 and equation 1).

    At a threshold it is the fraction of runs that score above it, averaged over tasks; its band is the percentile
    bootstrap at each threshold, stratified as in `over_runs`. A profile that lies above another one everywhere is
    better; where they cross, one learner is better in the worse runs and the other in the better ones.

    Args:
        scores: One score a run: float (runs,) of one task, or (runs, tasks) on a scale that tasks share (`normalised`).
        thresholds: Where to look, float (T,), rising.
        level: Coverage of the band at each threshold, between 0 and 1.
        resamples: How often to draw.
        seed: Of the draws.

    Raises:
        ValueError: As `over_runs`, and for thresholds that do not rise.
    """
    matrix = by_run_and_task(scores, "performance_profile")
    at = finite(thresholds, "performance_profile")
    if at.ndim != 1 or np.any(np.diff(at) <= 0):
        raise bad_value("performance_profile", "thresholds", thresholds, "numbers that rise", "numpy.unique(scores)")
    check_draws(level, resamples)
    runs, tasks = matrix.shape
    above = (matrix[:, :, None] > at).astype(np.float64)
    fractions: NDArray[np.float64] = above.mean(axis=(0, 1))
    if runs < LEAST_RUNS:
        return PerformanceProfile(at, fractions, None, None, runs, tasks)
    generator = np.random.default_rng(seed)
    drawn = sum(times_drawn(generator, runs, resamples) @ above[:, task] for task in range(tasks)) / (runs * tasks)
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return PerformanceProfile(at, fractions, low, high, runs, tasks)
