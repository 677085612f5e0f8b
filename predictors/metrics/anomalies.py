"""Scores of how unlike the training rows a row is: higher is stranger."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lab.errors import bad_value
from predictors.metrics.checks import check_codes, check_numbers, check_rows
from predictors.metrics.curves import auroc, average_precision, roc_curve
from predictors.metrics.table import MetricTable

# Added to the covariance's diagonal, as a fraction of its mean: features that never vary leave it without an inverse.
RIDGE = 1e-6


def max_probability_score(probabilities: ArrayLike) -> NDArray[np.float64]:
    """Return the negative probability of the most probable class (Hendrycks and Gimpel 2017, arXiv:1610.02136).

    Args:
        probabilities: (N, K).

    Returns:
        float64 (N,).
    """
    return -check_rows("max_probability_score", "probabilities", probabilities).max(axis=1)


def mahalanobis_distance(
    train_features: ArrayLike, features: ArrayLike, train_codes: ArrayLike | None = None
) -> NDArray[np.float64]:
    """Return the distance from the mean of the training features, in their standard deviations.

    With codes it is that from the nearest class's mean, under one covariance within classes (Lee et al. 2018,
    arXiv:1807.03888, eqs. 1 and 2, the root of it). A millionth of the mean variance is added to each variance.

    Args:
        train_features: (M, D), M > 1.
        features: (N, D).
        train_codes: Classes of the training rows, whole numbers (M,), or None.

    Returns:
        float64 (N,).
    """
    train, rows = _pair("mahalanobis_distance", train_features, features)
    if train_codes is None:
        group = np.zeros(len(train), np.int64)
    else:
        codes = check_codes("mahalanobis_distance", train_codes, np.iinfo(np.int64).max, "train_codes")
        if len(codes) != len(train):
            raise bad_value("mahalanobis_distance", "train_codes", f"{len(codes)} codes", f"one of {len(train)} rows")
        group = np.unique(codes, return_inverse=True)[1]
    means = np.stack([train[group == one].mean(axis=0) for one in range(group.max() + 1)])
    centred = train - means[group]
    covariance = centred.T @ centred / len(train)
    mean_variance = float(np.trace(covariance)) / len(covariance)
    if mean_variance == 0.0:
        raise bad_value("mahalanobis_distance", "train_features", "rows that do not vary", "rows that vary")
    covariance[np.diag_indices_from(covariance)] += RIDGE * mean_variance
    whitening = np.linalg.inv(np.linalg.cholesky(covariance))
    return np.min([np.linalg.norm((rows - mean) @ whitening.T, axis=1) for mean in means], axis=0)


def neighbour_distance(train_features: ArrayLike, features: ArrayLike, k: int = 5) -> NDArray[np.float64]:
    """Return the Euclidean distance to the k-th nearest training row (Ramaswamy et al. 2000).

    Args:
        train_features: (M, D).
        features: (N, D); other rows than those, whose nearest neighbours are themselves.
        k: From 1 to M.

    Returns:
        float64 (N,).
    """
    from sklearn.neighbors import NearestNeighbors

    train, rows = _pair("neighbour_distance", train_features, features)
    if not 1 <= k <= len(train):
        raise bad_value("neighbour_distance", "k", k, f"a whole number from 1 to {len(train)}, the training rows")
    distances, _ = NearestNeighbors(n_neighbors=k).fit(train).kneighbors(rows)
    return np.asarray(distances[:, -1], np.float64)


def anomaly_metrics(scores: ArrayLike, anomalous: ArrayLike) -> MetricTable:
    """Return auroc, average_precision and fpr_at_95: normal rows flagged where 95 % of the anomalous ones are.

    Args:
        scores: (N,); higher is stranger.
        anomalous: Which rows are, bool (N,).
    """
    values = check_numbers("anomaly_metrics", "scores", scores)
    table = MetricTable()
    table.add("auroc", lambda: auroc(values, anomalous))
    table.add("average_precision", lambda: average_precision(values, anomalous))
    table.add("fpr_at_95", lambda: _false_positives(values, anomalous, 0.95))
    return table


def _false_positives(scores: NDArray[np.float64], anomalous: ArrayLike, wanted: float) -> float:
    curve = roc_curve(scores, anomalous)
    return float(curve.false_positive_rate[np.argmax(curve.true_positive_rate >= wanted)])


def _pair(owner: str, train: ArrayLike, rows: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    a, b = check_rows(owner, "train_features", train), check_rows(owner, "features", rows)
    if a.shape[1] != b.shape[1]:
        raise bad_value(owner, "features of widths", (a.shape[1], b.shape[1]), "one width: features of one network")
    return a, b
