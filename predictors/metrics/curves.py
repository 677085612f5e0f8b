"""What each threshold on a score costs and brings: ROC and precision-recall."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lab.errors import bad_value
from predictors.metrics.checks import check_numbers
from predictors.metrics.table import UndefinedMetric


class RocCurve(NamedTuple):
    """Points of an ROC curve from (0, 0) to (1, 1), each float64 (P,).

    Attributes:
        false_positive_rate, true_positive_rate: Fractions of the negative and positive rows with a score >= threshold.
        thresholds: Falling; the first is infinite, where no row is positive.
    """

    false_positive_rate: NDArray[np.float64]
    true_positive_rate: NDArray[np.float64]
    thresholds: NDArray[np.float64]


class PrecisionRecallCurve(NamedTuple):
    """Points of a precision-recall curve with rising recall, each float64 (P,).

    Attributes:
        recall, precision: The first point is (0, 1) by convention.
        thresholds: Falling; the first is infinite.
    """

    recall: NDArray[np.float64]
    precision: NDArray[np.float64]
    thresholds: NDArray[np.float64]


def roc_curve(scores: ArrayLike, positive: ArrayLike) -> RocCurve:
    """Return the ROC points, one for each different score (Fawcett 2006, algorithm 1).

    Args:
        scores: (N,); higher speaks for positive.
        positive: Which rows are positive, bool (N,); there must be some of both.
    """
    values, truth = _checked("roc_curve", scores, positive)
    thresholds, hits, false = _counts(values, truth)
    return RocCurve(np.append(0.0, false / false[-1]), np.append(0.0, hits / hits[-1]), np.append(np.inf, thresholds))


def precision_recall_curve(scores: ArrayLike, positive: ArrayLike) -> PrecisionRecallCurve:
    """Return the precision-recall points, one for each different score.

    Args:
        scores: (N,); higher speaks for positive.
        positive: Which rows are positive, bool (N,); there must be some of both.
    """
    values, truth = _checked("precision_recall_curve", scores, positive)
    thresholds, hits, false = _counts(values, truth)
    precision = np.append(1.0, hits / (hits + false))
    return PrecisionRecallCurve(np.append(0.0, hits / hits[-1]), precision, np.append(np.inf, thresholds))


def auroc(scores: ArrayLike, positive: ArrayLike) -> float:
    """Return the area under the ROC curve: how often a positive row scores above a negative one, ties a half.

    That is the Mann-Whitney statistic over both numbers of rows (Hanley and McNeil 1982).

    Args:
        scores: (N,); higher speaks for positive.
        positive: Which rows are positive, bool (N,).

    Raises:
        UndefinedMetric: When there are no positive or no negative rows.
    """
    values, truth = _checked("auroc", scores, positive)
    _, group, sizes = np.unique(values, return_inverse=True, return_counts=True)
    middle = np.cumsum(sizes) - (sizes - 1) / 2.0
    positives = int(truth.sum())
    above = middle[group][truth].sum() - positives * (positives + 1) / 2.0
    return float(above / (positives * (len(truth) - positives)))


def average_precision(scores: ArrayLike, positive: ArrayLike) -> float:
    """Return the mean of precision over the steps of recall, without interpolation.

    Args:
        scores: (N,); higher speaks for positive.
        positive: Which rows are positive, bool (N,).

    Raises:
        UndefinedMetric: When there are no positive or no negative rows.
    """
    curve = precision_recall_curve(scores, positive)
    return float((np.diff(curve.recall) * curve.precision[1:]).sum())


def _checked(owner: str, scores: ArrayLike, positive: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    values, truth = check_numbers(owner, "scores", scores), np.asarray(positive)
    if truth.dtype != np.bool_:
        raise bad_value(owner, "positive", str(truth.dtype), "bool", "codes == 1")
    if values.ndim != 1 or truth.shape != values.shape:
        raise bad_value(owner, "scores and positive of shapes", (values.shape, truth.shape), "one (N,) for both")
    if truth.all() or not truth.any():
        kind = "negative" if truth.all() else "positive"
        raise UndefinedMetric(f"{owner}: none of {len(truth)} rows is {kind}; expected some of both")
    return values, truth


def _counts(values: NDArray[np.float64], truth: NDArray[np.bool_]) -> tuple[NDArray[np.float64], ...]:
    """Return the different scores, falling, and how many positive and negative rows reach each."""
    order = np.argsort(-values, kind="stable")
    ordered, hits = values[order], np.cumsum(truth[order])
    last = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1)
    return ordered[last], hits[last].astype(np.float64), (last + 1 - hits[last]).astype(np.float64)
