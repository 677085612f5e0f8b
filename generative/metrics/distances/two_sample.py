"""The unbiased squared maximum mean discrepancy of any kernel, with its interval, in blocks that fit the memory."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from generative.metrics.jackknife import GROUPS, Estimate, group_numbers, jackknife
from generative.metrics.neighbours.neighbours import blocks

Kernel = Callable[[np.ndarray, np.ndarray], np.ndarray]
# Leaving one row out, a mean over pairs of the others must still exist.
FEWEST = 3


def unbiased_mmd(first: np.ndarray, second: np.ndarray, kernel: Kernel) -> Estimate:
    """Return the unbiased squared MMD (Gretton et al. 2012, "A kernel two-sample test", equation 3).

    The means of the kernel over all pairs of two different rows of one sample, less twice its mean over the pairs of
    one row of each. Being unbiased, it is negative about as often as positive for two samples of one distribution.

    Args:
        first: float64 (N, D), N >= 3.
        second: float64 (M, D), M >= 3.
        kernel: From (n, D) and (m, D) to (n, m); symmetric.
    """
    groups = min(GROUPS, len(first), len(second))
    a, b = group_numbers(len(first), groups), group_numbers(len(second), groups)
    n, m = np.bincount(a, minlength=groups), np.bincount(b, minlength=groups)
    within_first = _group_sums(first, a, first, a, kernel, groups, same=True)
    within_second = _group_sums(second, b, second, b, kernel, groups, same=True)
    between = _group_sums(first, a, second, b, kernel, groups, same=False)

    def estimate(sums: list[np.ndarray], count1: np.ndarray, count2: np.ndarray) -> np.ndarray:
        pairs = count1 * (count1 - 1), count2 * (count2 - 1), count1 * count2
        return sums[0] / pairs[0] + sums[1] / pairs[1] - 2 * sums[2] / pairs[2]

    matrices = (within_first, within_second, between)
    value = estimate([matrix.sum() for matrix in matrices], np.array(len(first)), np.array(len(second)))
    # Rows and columns of a left out group go; the block where they meet has been taken off twice.
    left = [x.sum() - x.sum(axis=0) - x.sum(axis=1) + np.diag(x) for x in matrices]
    return jackknife(float(value), estimate(left, len(first) - n, len(second) - m))


def _group_sums(
    first: np.ndarray, a: np.ndarray, second: np.ndarray, b: np.ndarray, kernel: Kernel, groups: int, same: bool
) -> np.ndarray:
    """Return the kernel's sums over pairs by group, (G, G); a row's pair with itself counts for nothing."""
    member = np.eye(groups)
    sums = np.zeros((groups, groups))
    for part in blocks(len(first), len(second)):
        values = kernel(first[part], second)
        if same:
            values[np.arange(len(values)), np.arange(part.start, part.stop)] = 0.0
        sums += member[a[part]].T @ (values @ member[b])
    return sums
