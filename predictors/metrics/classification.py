"""How well probabilities and classes are predicted."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lab.errors import bad_value
from predictors.metrics.calibration import expected_calibration_error
from predictors.metrics.checks import check_codes, check_probabilities
from predictors.metrics.curves import auroc
from predictors.metrics.table import MetricTable, UndefinedMetric

# Keras' epsilon. A network in float32 rounds small probabilities to 0, whose logarithm would be the whole mean.
CLIP = 1e-7


class ClassScores(NamedTuple):
    """Scores a class, float64 (K,); NaN where a score has no value.

    Attributes:
        precision: Fraction of the rows predicted as the class that are of it; NaN where none is predicted.
        recall: Fraction of the class's rows that are predicted as it; NaN where none occurs.
        f1: Harmonic mean of both, 2 TP / (2 TP + FP + FN); NaN where the class neither occurs nor is predicted.
        support: Rows of the class, int64 (K,).
    """

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    f1: NDArray[np.float64]
    support: NDArray[np.int64]

    def macro(self) -> dict[str, float]:
        """Return the mean of each score over the classes for which it has a value.

        Raises:
            UndefinedMetric: When there are no rows at all.
        """
        if not self.support.sum():
            raise UndefinedMetric("macro scores: the confusion matrix has no rows")
        scores = {"precision": self.precision, "recall": self.recall, "f1": self.f1}
        return {f"{name}_macro": float(np.nanmean(values)) for name, values in scores.items()}


def accuracy(probabilities: ArrayLike, codes: ArrayLike) -> float:
    """Return the fraction of rows whose most probable class is the true one; of equal ones the first counts.

    Args:
        probabilities: (N, K).
        codes: True classes, whole numbers (N,) in [0, K).
    """
    return top_k_accuracy(probabilities, codes, 1)


def top_k_accuracy(probabilities: ArrayLike, codes: ArrayLike, k: int) -> float:
    """Return the fraction of rows whose true class is among the k most probable; of equal ones the first count.

    Args:
        probabilities: (N, K).
        codes: True classes, whole numbers (N,) in [0, K).
        k: Whole number from 1 to K.
    """
    array, true = check_probabilities("top_k_accuracy", probabilities, codes)
    if not 1 <= k <= array.shape[1]:
        raise bad_value("top_k_accuracy", "k", k, f"a whole number from 1 to {array.shape[1]}, the number of classes")
    own = np.take_along_axis(array, true[:, None], axis=1)
    earlier = np.arange(array.shape[1]) < true[:, None]
    ahead = (array > own) | ((array == own) & earlier)
    return float((ahead.sum(axis=1) < k).mean())


def log_loss(probabilities: ArrayLike, codes: ArrayLike) -> float:
    """Return the mean negative logarithm of the true class's probability, in nats.

    Probabilities below 1e-7 count as 1e-7, so that a row costs 16.1 nats at most.

    Args:
        probabilities: (N, K).
        codes: True classes, whole numbers (N,) in [0, K).
    """
    array, true = check_probabilities("log_loss", probabilities, codes)
    own = np.take_along_axis(array, true[:, None], axis=1)
    return float(-np.log(np.clip(own, CLIP, 1.0)).mean())


def confusion_matrix(predicted: ArrayLike, codes: ArrayLike, classes: int) -> NDArray[np.int64]:
    """Count the rows of each true class (down) that are predicted as each class (across).

    Args:
        predicted: Predicted classes, whole numbers (N,) in [0, K).
        codes: True classes, whole numbers (N,) in [0, K).
        classes: K; classes without rows have lines of zeros.

    Returns:
        int64 (K, K).
    """
    found = check_codes("confusion_matrix", predicted, classes, "predicted")
    true = check_codes("confusion_matrix", codes, classes)
    if len(found) != len(true):
        raise bad_value("confusion_matrix", "predicted", f"{len(found)} codes", f"as many as true ones, {len(true)}")
    return np.bincount(true * classes + found, minlength=classes**2).reshape(classes, classes).astype(np.int64)


def class_scores(matrix: ArrayLike) -> ClassScores:
    """Return precision, recall and F1 of each class (Manning et al. 2008, section 8.3).

    Args:
        matrix: As `confusion_matrix` returns it, whole numbers (K, K).
    """
    counts = np.asarray(matrix)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or counts.size == 0 or counts.dtype.kind not in "ui":
        raise bad_value("class_scores", "matrix", f"{counts.dtype} {counts.shape}", "whole numbers (K, K)")
    hits, occurring, found = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    return ClassScores(
        _ratio(hits, found), _ratio(hits, occurring), _ratio(2 * hits, occurring + found), occurring.astype(np.int64)
    )


def macro_auroc(probabilities: ArrayLike, codes: ArrayLike) -> float:
    """Return the area under the ROC curve: of class 1 for two classes, else the mean of one class against the rest.

    Args:
        probabilities: (N, K).
        codes: True classes, whole numbers (N,) in [0, K).

    Raises:
        UndefinedMetric: When a class does not occur.
    """
    array, true = check_probabilities("auroc", probabilities, codes)
    classes = array.shape[1]
    missing = np.setdiff1d(np.arange(classes), true)
    if len(missing):
        shown = ", ".join(map(str, missing[:5])) + (", ..." if len(missing) > 5 else "")
        raise UndefinedMetric(f"auroc: {len(missing)} of {classes} classes have no row ({shown})")
    if classes == 2:
        return auroc(array[:, 1], true == 1)
    return float(np.mean([auroc(array[:, code], true == code) for code in range(classes)]))


def classification_metrics(probabilities: ArrayLike, codes: ArrayLike) -> MetricTable:
    """Return the headline metrics: accuracy, top3 (K > 3), log_loss, f1_macro, ece and auroc.

    `f1_macro` is over the classes that occur or are predicted; `auroc` is left out, with the reason under
    `.left_out`, when a class does not occur.

    Args:
        probabilities: (N, K).
        codes: True classes, whole numbers (N,) in [0, K).

    Raises:
        UsageError: On probabilities that are none, codes out of range, or unequal lengths.
    """
    array, true = check_probabilities("classification_metrics", probabilities, codes)
    classes = array.shape[1]
    table = MetricTable()
    table["accuracy"] = accuracy(array, true)
    if classes > 3:
        table["top3"] = top_k_accuracy(array, true, 3)
    table["log_loss"] = log_loss(array, true)
    table["f1_macro"] = class_scores(confusion_matrix(array.argmax(axis=1), true, classes)).macro()["f1_macro"]
    table["ece"] = expected_calibration_error(array, true)
    table.add("auroc", lambda: macro_auroc(array, true))
    return table


def _ratio(above: NDArray[np.int64], below: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.divide(above, below, out=np.full(len(below), np.nan), where=below > 0)
