"""Whether probabilities are as often right as they say."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lab.errors import bad_value
from predictors.metrics.checks import check_probabilities

BINS = 15


class ReliabilityCurve(NamedTuple):
    """Rows by the probability of their most probable class, in bins of equal width; NaN in bins without rows.

    Attributes:
        edges: Ends of the bins, float64 (B + 1,); a bin holds its upper end and not its lower one.
        confidence: Mean probability of the predicted class, float64 (B,).
        accuracy: Fraction of rows predicted right, float64 (B,).
        rows: How many, int64 (B,).
    """

    edges: NDArray[np.float64]
    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    rows: NDArray[np.int64]


def reliability_curve(probabilities: ArrayLike, codes: ArrayLike, bins: int = BINS) -> ReliabilityCurve:
    """Return accuracy beside confidence in bins of equal width (Guo et al. 2017, arXiv:1706.04599, eqs. 1 and 2).

    Args:
        probabilities: (N, K).
        codes: True classes, whole numbers (N,) in [0, K).
        bins: How many between 0 and 1.
    """
    array, true = check_probabilities("reliability_curve", probabilities, codes)
    if bins < 1:
        raise bad_value("reliability_curve", "bins", bins, "a whole number >= 1")
    confidence = np.minimum(array.max(axis=1), 1.0)
    right = array.argmax(axis=1) == true
    edges = np.linspace(0.0, 1.0, bins + 1)
    bin_of = np.searchsorted(edges[1:-1], confidence, side="left")
    count = np.bincount(bin_of, minlength=bins)
    means = [
        np.divide(np.bincount(bin_of, values, bins), count, out=np.full(bins, np.nan), where=count > 0)
        for values in (confidence, right)
    ]
    return ReliabilityCurve(edges, means[0], means[1], count.astype(np.int64))


def expected_calibration_error(probabilities: ArrayLike, codes: ArrayLike, bins: int = BINS) -> float:
    """Return the mean distance of accuracy from confidence, bins weighted by their rows (Guo et al. 2017, eq. 3).

    Args:
        probabilities: (N, K).
        codes: True classes, whole numbers (N,) in [0, K).
        bins: How many of equal width; 15 as in the paper.
    """
    curve = reliability_curve(probabilities, codes, bins)
    filled = curve.rows > 0
    gaps = np.abs(curve.accuracy[filled] - curve.confidence[filled])
    return float((gaps * curve.rows[filled]).sum() / curve.rows.sum())
