"""Errors, intervals and quantiles, by hand and beside scikit-learn and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as reference

from predictors.metrics import (
    UndefinedMetric,
    coverage,
    mae_interval,
    mean_absolute_error,
    mean_width,
    median_absolute_error,
    pinball_loss,
    r2,
    regression_metrics,
    root_mean_squared_error,
    weighted_quantile_loss,
)

PREDICTED, TRUE = np.array([1.0, 2.0, 3.0, 8.0]), np.array([1.0, 3.0, 3.0, 5.0])
GENERATOR = np.random.default_rng(0)
ROWS, TARGETS = GENERATOR.normal(size=(80, 2)), GENERATOR.normal(size=(80, 2))


def test_errors_by_hand() -> None:
    assert mean_absolute_error(PREDICTED, TRUE) == 1.0
    assert root_mean_squared_error(PREDICTED, TRUE) == pytest.approx(np.sqrt(2.5))
    assert median_absolute_error(PREDICTED, TRUE) == 0.5
    # Residuals 10 over squares 4 + 0 + 0 + 4 around the mean 3.
    assert r2(PREDICTED, TRUE) == pytest.approx(1 - 10 / 8)


def test_errors_equal_scikit_learns() -> None:
    table = regression_metrics(ROWS, TARGETS, resamples=50)
    assert table["mae"] == pytest.approx(reference.mean_absolute_error(TARGETS, ROWS))
    assert table["rmse"] == pytest.approx(reference.root_mean_squared_error(TARGETS.ravel(), ROWS.ravel()))
    assert table["r2"] == pytest.approx(reference.r2_score(TARGETS, ROWS))
    ours = median_absolute_error(ROWS[:, 0], TARGETS[:, 0])
    assert ours == pytest.approx(reference.median_absolute_error(TARGETS[:, 0], ROWS[:, 0]))


def test_the_interval_of_the_mean_error_is_scipys_bootstrap_over_rows() -> None:
    errors = np.abs(ROWS - TARGETS).mean(axis=1)
    expected = stats.bootstrap((errors,), np.mean, n_resamples=4_000, method="percentile", random_state=1)
    ours = mae_interval(ROWS, TARGETS, resamples=4_000)
    assert ours == pytest.approx(tuple(expected.confidence_interval), abs=0.02)
    assert ours == mae_interval(ROWS, TARGETS, resamples=4_000) != mae_interval(ROWS, TARGETS, resamples=4_000, seed=1)
    assert ours[0] < mean_absolute_error(ROWS, TARGETS) < ours[1]


def test_what_has_no_value_is_left_out_with_the_reason() -> None:
    with pytest.raises(UndefinedMetric, match="same in all rows"):
        r2([1.0, 2.0], [3.0, 3.0])
    table = regression_metrics([1.0], [2.0])
    assert dict(table) == {"mae": 1.0, "rmse": 1.0, "median_absolute_error": 1.0}
    assert set(table.left_out) == {"mae_low", "mae_high", "r2"}


def test_a_constant_target_is_known_in_spite_of_rounding() -> None:
    with pytest.raises(UndefinedMetric):
        r2([0.1, 0.2, 0.3], [0.1, 0.1, 0.1])


def test_coverage_and_width_by_hand() -> None:
    low, high = [0.0, 0.0, 4.0, 5.0], [1.0, 2.0, 5.0, 9.0]
    assert coverage(low, high, TRUE) == 0.5 and mean_width(low, high) == 2.0
    table = regression_metrics(PREDICTED, TRUE, low, high, resamples=10)
    assert (table["coverage"], table["interval_width"]) == (0.5, 2.0)


def test_quantile_losses_by_hand() -> None:
    # Level 0.1: 0.1 * 2 and 0.9 * 1; level 0.5: 0.5 * 1 and 0.5 * 3.
    quantiles, true, levels = [[2.0, 3.0], [3.0, 5.0]], [4.0, 2.0], (0.1, 0.5)
    assert pinball_loss(quantiles, true, levels) == pytest.approx((0.2 + 0.9 + 0.5 + 1.5) / 4)
    assert weighted_quantile_loss(quantiles, true, levels) == pytest.approx(2 * (1.1 + 2.0) / 2 / 6)


def test_quantile_losses_equal_scikit_learns() -> None:
    levels, true = (0.1, 0.5, 0.9), TARGETS[:, 0]
    quantiles = np.sort(GENERATOR.normal(size=(80, 3)), axis=1)
    each = [reference.mean_pinball_loss(true, quantiles[:, i], alpha=q) for i, q in enumerate(levels)]
    assert pinball_loss(quantiles, true, levels) == pytest.approx(np.mean(each))
    expected = 2 * np.mean(each) / np.abs(true).mean()
    assert weighted_quantile_loss(quantiles, true, levels) == pytest.approx(expected)


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="the shape of the targets, \\(3,\\)"):
        mean_absolute_error(PREDICTED, TRUE[:3])
    # A network's (N, 1) beside targets (N,) would be taken as N x N differences.
    with pytest.raises(ValueError, match="the shape of the targets"):
        regression_metrics(PREDICTED[:, None], TRUE)
    with pytest.raises(ValueError, match="1 values that are NaN or infinite"):
        regression_metrics([1.0, np.inf], [1.0, 2.0])
    with pytest.raises(ValueError, match="1 of 2 intervals.*np.sort"):
        coverage([0.0, 2.0], [1.0, 1.0], [0.5, 0.5])
    with pytest.raises(ValueError, match="both or none"):
        regression_metrics(PREDICTED, TRUE, low=PREDICTED)
    with pytest.raises(ValueError, match="one shape"):
        mean_width([0.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="rising numbers between 0 and 1"):
        pinball_loss([[1.0, 2.0]], [1.0], (0.5, 0.1))
    with pytest.raises(ValueError, match="\\(1, 2\\): the targets' shape and 2 levels"):
        pinball_loss([[1.0, 2.0, 3.0]], [1.0], (0.1, 0.5))
    with pytest.raises(UndefinedMetric, match="all targets are 0"):
        weighted_quantile_loss([[1.0]], [0.0], (0.5,))
