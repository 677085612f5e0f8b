"""Anomaly scores, by hand and beside scikit-learn and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import mahalanobis
from sklearn.covariance import EmpiricalCovariance

from predictors.metrics import anomaly_metrics, mahalanobis_distance, max_probability_score, neighbour_distance

GENERATOR = np.random.default_rng(0)
TRAIN = GENERATOR.normal(size=(200, 3)) @ np.array([[2.0, 0.5, 0.0], [0.0, 1.0, 0.3], [0.0, 0.0, 0.5]])
ROWS = GENERATOR.normal(size=(20, 3))


def test_the_less_sure_the_stranger() -> None:
    assert max_probability_score([[0.9, 0.1], [0.4, 0.6]]).tolist() == [-0.9, -0.6]


def test_mahalanobis_by_hand_and_beside_references() -> None:
    # Mean 0, variances 1 and 4.
    train = [[1.0, 2.0], [-1.0, -2.0], [1.0, -2.0], [-1.0, 2.0]]
    np.testing.assert_allclose(mahalanobis_distance(train, [[3.0, 0.0], [0.0, 4.0]]), [3.0, 2.0], rtol=1e-5)
    fitted = EmpiricalCovariance().fit(TRAIN)
    ours = mahalanobis_distance(TRAIN, ROWS)
    np.testing.assert_allclose(ours, np.sqrt(fitted.mahalanobis(ROWS)), rtol=1e-4)
    assert ours[0] == pytest.approx(mahalanobis(ROWS[0], fitted.location_, fitted.precision_), rel=1e-4)


def test_with_classes_the_distance_is_that_from_the_nearest_mean_under_the_covariance_within() -> None:
    train = [[0.0], [2.0], [100.0], [102.0]]
    np.testing.assert_allclose(mahalanobis_distance(train, [[4.0], [98.0]], [7, 7, 9, 9]), [3.0, 3.0], rtol=1e-5)


def test_a_feature_that_never_varies_is_no_hindrance() -> None:
    train = np.concatenate([TRAIN, np.zeros((200, 1))], axis=1)
    strange = mahalanobis_distance(train, [[0.0, 0.0, 0.0, 1.0], [0.0, 0.0, 0.0, 0.0]])
    assert strange[0] > 100 * strange[1] and np.isfinite(strange).all()


def test_neighbour_distance_by_hand_and_by_force() -> None:
    assert neighbour_distance([[0.0], [1.0], [5.0]], [[2.0]], k=2).tolist() == [2.0]
    every = np.sort(np.linalg.norm(ROWS[:, None] - TRAIN[None], axis=2), axis=1)
    np.testing.assert_allclose(neighbour_distance(TRAIN, ROWS, k=5), every[:, 4])


def test_metrics_by_hand() -> None:
    scores, anomalous = [0.1, 0.2, 0.3, 0.4], np.array([False, True, False, True])
    table = anomaly_metrics(scores, anomalous)
    assert dict(table) == pytest.approx({"auroc": 0.75, "average_precision": 0.5 + 0.5 * 2 / 3, "fpr_at_95": 0.5})
    assert set(anomaly_metrics(scores, ~np.zeros(4, bool)).left_out) == {"auroc", "average_precision", "fpr_at_95"}


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="one width"):
        mahalanobis_distance(TRAIN, ROWS[:, :2])
    with pytest.raises(ValueError, match="rows that do not vary"):
        mahalanobis_distance(np.ones((4, 2)), ROWS[:, :2])
    with pytest.raises(ValueError, match="2 codes"):
        mahalanobis_distance(TRAIN, ROWS, [0, 1])
    with pytest.raises(ValueError, match="from 1 to 200"):
        neighbour_distance(TRAIN, ROWS, k=201)
