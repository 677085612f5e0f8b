"""Calibration, by hand and beside an independent count."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from predictors.metrics import expected_calibration_error, reliability_curve
from tests.predictors.metrics.test_classification import random_rows


def test_calibration_error_by_hand() -> None:
    # Two bins: (0.5, 1] holds all; 0.9 right, 0.8 wrong, 0.7 right: |2/3 - 0.8|.
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]])
    assert expected_calibration_error(probabilities, [0, 1, 1], bins=2) == pytest.approx(0.8 - 2 / 3)
    # Ten bins: each row alone in one; gaps 0.1, 0.8 and 0.3, weighted by a third each.
    assert expected_calibration_error(probabilities, [0, 1, 1], bins=10) == pytest.approx((0.1 + 0.8 + 0.3) / 3)


def test_a_bin_holds_its_upper_end_and_empty_ones_are_not_a_number() -> None:
    curve = reliability_curve([[0.5, 0.5], [1.0, 0.0]], [0, 0], bins=4)
    assert curve.rows.tolist() == [0, 1, 0, 1]
    np.testing.assert_array_equal(curve.confidence, [np.nan, 0.5, np.nan, 1.0])
    np.testing.assert_array_equal(curve.accuracy, [np.nan, 1.0, np.nan, 1.0])
    assert curve.edges.tolist() == [0.0, 0.25, 0.5, 0.75, 1.0]


def test_the_curve_equals_scikit_learns_of_being_right() -> None:
    probabilities, codes = random_rows(500, 4)
    right = probabilities.argmax(axis=1) == codes
    accuracy, confidence = calibration_curve(right, probabilities.max(axis=1), n_bins=15)
    curve = reliability_curve(probabilities, codes)
    filled = curve.rows > 0
    np.testing.assert_allclose(curve.accuracy[filled], accuracy)
    np.testing.assert_allclose(curve.confidence[filled], confidence)
    expected = (curve.rows[filled] * np.abs(accuracy - confidence)).sum() / 500
    assert expected_calibration_error(probabilities, codes) == pytest.approx(expected)


def test_no_bins_are_refused() -> None:
    with pytest.raises(ValueError, match="bins received 0"):
        expected_calibration_error([[0.5, 0.5]], [0], bins=0)
