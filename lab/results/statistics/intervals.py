"""Bootstrap intervals of statistics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lab.errors import bad_value
from lab.results.statistics.averages import iqm
from lab.results.statistics.checks import check_draws, finite

# Resamples are drawn in blocks of about this many values (32 MB), so that long inputs do not fill the memory.
BLOCK = 4_000_000


class Statistic(Protocol):
    """A function such as `iqm`, `numpy.mean` or `numpy.median` that reduces one axis."""

    def __call__(self, values: NDArray[np.float64], /, *, axis: int) -> Any: ...


def bootstrap_interval(
    values: ArrayLike, statistic: Statistic = iqm, level: float = 0.95, resamples: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """Return the percentile bootstrap interval of a statistic.

    Args:
        values: Finite numbers, float (n,), such as one return an episode.
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
        groups: Finite numbers, one array float (n,) a task; they may differ in length.
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
    check_draws(level, resamples)
    arrays = [finite(group, "bootstrap interval") for group in groups]
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


def times_drawn(generator: np.random.Generator, number: int, resamples: int) -> NDArray[np.float64]:
    """Return how often each of `number` values is drawn in each resample of as many, float64 (resamples, number)."""
    return generator.multinomial(number, np.full(number, 1 / number), size=resamples).astype(np.float64)
