"""Scaled errors and rolling origins, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from predictors.metrics import forecasting_metrics, mean_absolute_scaled_error, origins, seasonal_naive_error

TRAIN = np.array([1.0, 3.0, 2.0, 6.0])


def test_scaled_error_by_hand() -> None:
    # Naive errors 2, 1, 4; seasonal ones |2 - 1|, |6 - 3|.
    assert seasonal_naive_error(TRAIN) == pytest.approx(7 / 3)
    assert seasonal_naive_error(TRAIN, season=2) == pytest.approx(2.0)
    assert mean_absolute_scaled_error([5.0, 9.0], [6.0, 6.0], TRAIN) == pytest.approx(2.0 / (7 / 3))
    assert mean_absolute_scaled_error([5.0, 9.0], [6.0, 6.0], TRAIN, season=2) == pytest.approx(1.0)


def test_scaled_error_does_not_depend_on_the_unit() -> None:
    a, b = np.array([5.0, 9.0]), np.array([6.0, 6.0])
    assert mean_absolute_scaled_error(1_000 * a, 1_000 * b, 1_000 * TRAIN) == pytest.approx(
        mean_absolute_scaled_error(a, b, TRAIN)
    )


def test_the_naive_forecast_of_the_training_part_itself_has_the_scaled_error_one() -> None:
    series = np.random.default_rng(0).normal(size=60).cumsum()
    assert mean_absolute_scaled_error(series[7:][:-7], series[7:][7:], series[7:], 7) == pytest.approx(1.0)


def test_each_series_is_scaled_by_its_own_errors() -> None:
    train = np.stack([TRAIN, 10 * TRAIN], axis=1)
    predicted, true = np.array([[[5.0, 50.0], [9.0, 90.0]]]), np.full((1, 2, 2), [6.0, 60.0])
    assert mean_absolute_scaled_error(predicted, true, train, 2) == pytest.approx(1.0)


def test_the_table_names_the_coverage_it_measures() -> None:
    quantiles = np.array([[4.0, 5.0, 7.0], [7.0, 9.0, 10.0]])
    table = forecasting_metrics([5.0, 9.0], [6.0, 6.0], TRAIN, 1, quantiles, (0.1, 0.5, 0.9))
    assert list(table) == [
        "mae", "rmse", "mase", "pinball", "weighted_quantile_loss", "coverage_80", "interval_width"
    ]  # fmt: skip
    assert table["mae"] == 2.0 and table["rmse"] == pytest.approx(np.sqrt(5)) and table["coverage_80"] == 0.5
    assert table["interval_width"] == 3.0
    assert list(forecasting_metrics([5.0], [6.0], TRAIN)) == ["mae", "rmse", "mase"]
    none = forecasting_metrics([5.0], [0.0], TRAIN, 1, [[5.0]], (0.5,))
    assert "weighted_quantile_loss" in none.left_out and "coverage_0" not in none


def test_origins_end_with_the_series_and_repeat_no_point() -> None:
    assert origins(20, horizon=4, count=3).tolist() == [8, 12, 16]
    assert origins(20, horizon=4, count=3, stride=1).tolist() == [14, 15, 16]
    assert origins(12, horizon=4, count=2, fewest=4).tolist() == [4, 8]


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="a constant series'; expected.*leave the series out"):
        mean_absolute_scaled_error([1.0], [1.0], np.ones(5))
    with pytest.raises(ValueError, match="repeats exactly every 2 points"):
        mean_absolute_scaled_error([1.0], [1.0], [1.0, 2.0, 1.0, 2.0], 2)
    with pytest.raises(ValueError, match="season received 4; expected from 1 to 3"):
        seasonal_naive_error(TRAIN, 4)
    with pytest.raises(ValueError, match="\\(T,\\) or \\(T, S\\)"):
        seasonal_naive_error(np.zeros((4, 2, 2)))
    with pytest.raises(ValueError, match="as train has that many series"):
        mean_absolute_scaled_error([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], np.stack([TRAIN, TRAIN], axis=1))
    with pytest.raises(ValueError, match="at least 13 points for 3 origins"):
        origins(12, horizon=4, count=3)
    with pytest.raises(ValueError, match="horizon received 0"):
        origins(12, horizon=0, count=3)
    with pytest.raises(ValueError, match="count received 1.5"):
        origins(12, horizon=1, count=1.5)  # type: ignore[arg-type]
