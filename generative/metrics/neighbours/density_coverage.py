"""Density and coverage: how densely samples lie where real rows do, and how many real rows have samples nearby."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from generative.metrics.checks import check_pair
from generative.metrics.neighbours.neighbours import balls_filled, squared_radii

NEIGHBOURS = 5


class DensityCoverage(NamedTuple):
    """Density, about 1 for real rows and more for samples that crowd where rows are dense; coverage, at most 1."""

    density: float
    coverage: float


def density_coverage(real: np.ndarray, sampled: np.ndarray, k: int = NEIGHBOURS) -> DensityCoverage:
    """Return density and coverage (Naeem et al. 2020, arXiv:2002.09797, section 3).

    Balls around the real rows reach to their k-th nearest neighbours. Density is the number of balls that a sample
    lies in, over k, on average; coverage the fraction of balls that hold a sample. For two real samples of one size
    density is 1 on average, and coverage about 1 - 2^-k (0.97 for k = 5).

    Args:
        real: float (N, D) features, N > k.
        sampled: float (M, D) features of the same network; as many as real rows, since coverage rises with M / N.
        k: Which neighbour's distance is the radius.

    Raises:
        TooFewSamples: When there are not more than k real rows, or no sample.
        UsageError: On other shapes, or values that are not finite.
    """
    a, b = check_pair("density_coverage", real, sampled, k + 1, f"one more than the {k} neighbours")
    counts, filled = balls_filled(a, squared_radii(a, k), b)
    return DensityCoverage(float(counts.mean() / k), float(filled.mean()))
