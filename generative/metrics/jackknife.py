"""Intervals of metrics that are no plain means: the delete-a-group jackknife."""

from __future__ import annotations

import statistics
from typing import NamedTuple

import numpy as np

from generative.data.dataset import fixed_permutation

GROUPS = 20
LEVEL = 0.95


class Estimate(NamedTuple):
    """A metric's value and the ends of its 95 % interval.

    The interval is about where the metric of other samples of the same sizes would lie on average; a bias that all
    samples of these sizes share is in its middle too, which is what the real-against-real floor shows.
    """

    value: float
    low: float
    high: float


def group_numbers(count: int, groups: int) -> np.ndarray:
    """Return a group for each row, int (count,): of equal sizes, and independent of the rows' order by class."""
    numbers = np.empty(count, np.int64)
    numbers[fixed_permutation(count)] = np.arange(count) % groups
    return numbers


def jackknife(value: float, without: np.ndarray, level: float = LEVEL) -> Estimate:
    """Return a value with the interval that its values without each group of rows give.

    The variance is (G - 1) / G times the sum of squared deviations from their mean (Wolter 2007, "Introduction to
    Variance Estimation", chapter 4), the interval symmetric, with Student's quantile for G - 1 degrees of freedom.
    Unlike a bootstrap it repeats no row, which distances such as Fréchet's would count as less variety.

    Args:
        value: The metric on all rows.
        without: float64 (G,), the metric without each group.
        level: Coverage.
    """
    count = len(without)
    error = np.sqrt((count - 1) / count * np.square(without - without.mean()).sum())
    z = statistics.NormalDist().inv_cdf((1 + level) / 2)
    # The first term of its expansion in 1 / degrees of freedom (Abramowitz and Stegun 26.7.5).
    reach = (z + (z**3 + z) / (4 * (count - 1))) * error
    return Estimate(float(value), float(value - reach), float(value + reach))
