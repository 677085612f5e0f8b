"""Improved precision and recall: how much of the samples is real, and how much of what is real is sampled."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from generative.metrics.checks import check_pair
from generative.metrics.neighbours.neighbours import balls_filled, squared_radii

NEIGHBOURS = 3


class PrecisionRecall(NamedTuple):
    """Two fractions between 0 and 1."""

    precision: float
    recall: float


def precision_recall(real: np.ndarray, sampled: np.ndarray, k: int = NEIGHBOURS) -> PrecisionRecall:
    """Return improved precision and recall (Kynkäänniemi et al. 2019, arXiv:1904.06991, equations 1 and 2).

    Balls around the real rows reach to their k-th nearest neighbours; precision is the fraction of samples that lie in
    any, and recall the same with the two exchanged. One odd real row makes a large ball: precision forgives it.

    Args:
        real: float (N, D) features, N > k.
        sampled: float (M, D) features of the same network, M > k; as many as real rows, to be comparable.
        k: Which neighbour's distance is the radius.

    Raises:
        TooFewSamples: When there are not more than k rows.
        UsageError: On other shapes, or values that are not finite.
    """
    a, b = check_pair("precision_recall", real, sampled, k + 1, f"one more than the {k} neighbours")
    precise = balls_filled(a, squared_radii(a, k), b)[0] > 0
    recalled = balls_filled(b, squared_radii(b, k), a)[0] > 0
    return PrecisionRecall(float(precise.mean()), float(recalled.mean()))
