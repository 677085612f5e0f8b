"""Robust averages and their uncertainty, after Agarwal et al. 2021 (arXiv:2108.13264)."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lab.errors import bad_value

# Resamples are drawn in blocks of about this many values (32 MB), so that long inputs do not fill the memory.
BLOCK = 4_000_000
# Of one run or two a bootstrap can only give back the runs themselves.
LEAST_RUNS = 3


class Statistic(Protocol):
    """A function such as `iqm`, `numpy.mean` or `numpy.median` that reduces one axis."""

    def __call__(self, values: NDArray[np.float64], /, *, axis: int) -> Any: ...


def iqm(values: ArrayLike, axis: int | None = None) -> Any:
    """Return the interquartile mean: the mean of the middle half (section 4.3 of the paper).

    Of n sorted values, floor(n / 4) are cut off at each end and the rest averaged; n < 4 gives the plain mean. This is
    `scipy.stats.trim_mean(values, 0.25)`, which rliable uses.

    Args:
        values: Finite numbers, any shape.
        axis: Axis to reduce; None for all values.

    Returns:
        A float, or a float64 array without that axis.

    Raises:
        ValueError: For no value, NaN or infinity.
    """
    array = _checked(values, "iqm")
    if axis is None:
        array, axis = array.ravel(), 0
    array = np.moveaxis(array, axis, -1)
    number = array.shape[-1]
    cut = number // 4
    middle = np.partition(array, (cut, number - cut - 1), axis=-1)[..., cut : number - cut]
    # Around the smallest value kept, so that the mean of equal values is that value to the last bit.
    base = middle[..., :1]
    mean = base[..., 0] + (middle - base).mean(axis=-1)
    return float(mean) if mean.ndim == 0 else mean


def bootstrap_interval(
    values: ArrayLike, statistic: Statistic = iqm, level: float = 0.95, resamples: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """Return the percentile bootstrap interval of a statistic.

    Args:
        values: Finite numbers, 1-D, such as one return an episode.
        statistic: Reduces the axis it is given.
        level: Coverage, between 0 and 1.
        resamples: How often to draw as many values with replacement.
        seed: Of the draws; the same seed gives the same interval.

    Returns:
        (low, high); (v, v) for one value v.

    Raises:
        ValueError: For no value, NaN, infinity, or a level or resamples out of range.
    """
    return stratified_bootstrap_interval([values], statistic, level, resamples, seed)


def stratified_bootstrap_interval(
    groups: Sequence[ArrayLike], statistic: Statistic = iqm, level: float = 0.95, resamples: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """Return the stratified bootstrap interval of a statistic (section 4.1 and appendix A.3).

    Each resample draws within every group as many values as the group has, and takes the statistic of them all. What is
    drawn is what the interval speaks of: episodes of given runs, or runs of given tasks, as `over_runs` draws.

    Args:
        groups: One 1-D array of finite numbers a task; they may differ in length.
        statistic: Reduces the axis it is given.
        level: Coverage, between 0 and 1.
        resamples: How often to draw.
        seed: Of the draws.

    Returns:
        (low, high).

    Raises:
        ValueError: As `bootstrap_interval`, and for no group.
    """
    if len(groups) == 0:
        raise bad_value("bootstrap interval", "groups", "none", "at least one")
    if not 0 < level < 1:
        raise bad_value("bootstrap interval", "level", level, "a number between 0 and 1, such as 0.95")
    if resamples < 1:
        raise bad_value("bootstrap interval", "resamples", resamples, "a whole number >= 1")
    arrays = [_checked(group, "bootstrap interval") for group in groups]
    for array in arrays:
        if array.ndim != 1:
            raise bad_value("bootstrap interval", "values of shape", array.shape, "1-D arrays")
    generator = np.random.default_rng(seed)
    block = max(1, BLOCK // sum(map(len, arrays)))
    results = []
    for done in range(0, resamples, block):
        rows = min(block, resamples - done)
        drawn = [array[generator.integers(0, len(array), (rows, len(array)))] for array in arrays]
        results.append(np.asarray(statistic(np.concatenate(drawn, axis=1), axis=1), dtype=np.float64))
    low, high = np.quantile(np.concatenate(results), [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


@dataclasses.dataclass(frozen=True)
class RunsEstimate:
    """A statistic over runs, with its interval.

    Attributes:
        value: The statistic.
        low, high: Ends of its interval over runs; None of fewer than three runs, which say nothing of how runs differ.
        runs, tasks: How many there are.
        statistic: `iqm`, `mean` or `median`.
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
    scores: ArrayLike, statistic: str = "iqm", level: float = 0.95, resamples: int = 2000, seed: int = 0
) -> RunsEstimate:
    """Estimate a statistic over runs: each run is one sample, however many episodes its score is the mean of.

    Definitions and interval are those of rliable (Agarwal et al. 2021, sections 4.1 and 4.3): `iqm` is the
    interquartile mean of all runs of all tasks, `mean` and `median` are those over tasks of each task's mean over runs;
    the interval is the percentile bootstrap, stratified: runs are drawn with replacement within each task.

    Args:
        scores: One score a run: (runs,) of one task, or (runs, tasks).
        statistic: `iqm`, `mean` or `median`. With one task the mean and the median are those over its runs.
        level: Coverage, between 0 and 1.
        resamples: How often to draw.
        seed: Of the draws.

    Raises:
        ValueError: For no run, scores that are not finite, more than two axes or another statistic.
    """
    array = _checked(scores, "over_runs")
    if array.ndim not in (1, 2):
        raise bad_value("over_runs", "scores of shape", array.shape, "(runs,) or (runs, tasks)")
    if statistic not in ("iqm", "mean", "median"):
        raise bad_value("over_runs", "statistic", statistic, "'iqm', 'mean' or 'median'")
    matrix = array.reshape(len(array), -1)
    runs, tasks = matrix.shape

    def of(drawn: NDArray[np.float64], /, *, axis: int) -> Any:
        # The runs of one task after those of the other, as they are drawn below.
        if statistic == "iqm":
            return iqm(drawn, axis=axis)
        if statistic == "median":
            return np.median(drawn if tasks == 1 else drawn.reshape(len(drawn), tasks, runs).mean(axis=2), axis=1)
        return drawn.mean(axis=axis)

    value = float(of(matrix.T.reshape(1, -1), axis=1)[0])
    if runs < LEAST_RUNS:
        return RunsEstimate(value, None, None, runs, tasks, statistic)
    low, high = stratified_bootstrap_interval(list(matrix.T), of, level, resamples, seed)
    return RunsEstimate(value, low, high, runs, tasks, statistic)


def _checked(values: ArrayLike, owner: str) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    if array.size == 0:
        raise bad_value(owner, "values", "none", "at least one number")
    bad = array.size - int(np.isfinite(array).sum())
    if bad:
        shown = next(float(v) for v in array.ravel() if not math.isfinite(v))
        raise bad_value(
            owner, "values", shown, f"finite numbers ({bad} of {array.size} are not)", "drop or repair them"
        )
    return array
