"""What a classifier makes of samples: how sure it is, how varied they are, and which classes they leave out."""

from __future__ import annotations

import numpy as np

from generative.metrics.checks import check_rows
from lab.errors import bad_value


def classifier_score(probabilities: np.ndarray) -> float:
    """Return the exponential of the mean divergence of each row's classes from those of all rows.

        exp(mean over x of KL(p(y | x) || p(y)))

    It is the Inception score of another classifier (Salimans et al. 2016, "Improved techniques for training GANs",
    section 4): from 1, where every row looks alike, to the number of classes. It does not look at real rows.

    Args:
        probabilities: float (N, K), each row sums to 1.

    Raises:
        UsageError: When there is no row, or they are no probabilities.
    """
    p = _checked("classifier_score", probabilities)
    mean = p.mean(axis=0)
    logarithms = np.log(np.where(p > 0, p, 1.0)) - np.log(np.where(mean > 0, mean, 1.0))
    return float(np.exp((p * logarithms).sum(axis=1).mean()))


def classifier_confidence(probabilities: np.ndarray) -> float:
    """Return the median of the greatest probability of each row of float (N, K); see `classifier_score`."""
    return float(np.median(_checked("classifier_confidence", probabilities).max(axis=1)))


def class_shares(probabilities: np.ndarray) -> np.ndarray:
    """Return the fraction of rows whose likeliest class is each, float64 (K,), for (N, K); see `classifier_score`."""
    p = _checked("class_shares", probabilities)
    return np.bincount(p.argmax(axis=1), minlength=p.shape[1]) / len(p)


def class_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Return the total variation distance of the class frequencies of two samples, from 0 to 1.

    It is half the sum of absolute differences: the fraction of samples that would have to change class. Evaluating the
    real rows by the classifier too, rather than by their labels, cancels the classes it tends to take for others.

    Args:
        first: float (N, K) probabilities.
        second: float (M, K) probabilities of the same classifier.

    Raises:
        UsageError: As `classifier_score`, and when K differs.
    """
    a, b = class_shares(first), class_shares(second)
    if len(a) != len(b):
        raise bad_value("class_distance", "classes", (len(a), len(b)), "one number: of the same classifier")
    return float(np.abs(a - b).sum() / 2)


def _checked(owner: str, probabilities: np.ndarray) -> np.ndarray:
    p = check_rows(owner, "probabilities", probabilities)
    if (p < 0).any() or not np.allclose(p.sum(axis=1), 1.0, atol=1e-3):
        raise bad_value(owner, "probabilities", "rows that do not sum to 1", "(N, K) >= 0, each row summing to 1")
    return p
