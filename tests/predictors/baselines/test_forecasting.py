"""Baselines of forecasting, by hand and beside statsmodels."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from predictors.baselines import drift, forecasting_baselines, naive, seasonal_naive
from predictors.metrics import origins

TIME = np.arange(48)
NOISE = np.random.default_rng(0).normal(size=48)
SEASONAL = 0.2 * TIME + np.array([3.0, -1.0, 0.0, -2.0])[TIME % 4] + 0.1 * NOISE


def test_simple_forecasts_by_hand() -> None:
    train = [1.0, 5.0, 2.0, 4.0]
    assert naive(train, 3).tolist() == [4.0, 4.0, 4.0]
    assert seasonal_naive(train, 5, 3).tolist() == [5.0, 2.0, 4.0, 5.0, 2.0]
    assert drift(train, 2).tolist() == [5.0, 6.0] and drift([3.0], 2).tolist() == [3.0, 3.0]


@pytest.mark.thorough
def test_all_forecast_from_each_origin_and_the_models_are_ahead() -> None:
    pytest.importorskip("statsmodels")
    starts = origins(48, horizon=4, count=2)
    found = forecasting_baselines(SEASONAL, starts, 4, season=4)
    assert list(found) == ["naive", "seasonal_naive", "drift", "ets", "arima"] and not found.left_out | found.notes
    truth = np.stack([SEASONAL[start : start + 4] for start in starts])
    errors = {name: np.abs(forecast - truth).mean() for name, forecast in found.items()}
    assert {forecast.shape for forecast in found.values()} == {(2, 4)}
    assert max(errors["ets"], errors["arima"]) < 0.25 < 0.5 < min(errors["naive"], errors["seasonal_naive"])
    np.testing.assert_array_equal(found["naive"][1], np.full(4, SEASONAL[43]))


def test_the_models_are_those_of_statsmodels() -> None:
    pytest.importorskip("statsmodels")
    from statsmodels.tsa.arima.model import ARIMA
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    # A random walk: one difference and no trend; by AICc nothing more.
    walk = np.random.default_rng(3).normal(size=80).cumsum()
    found = forecasting_baselines(walk, [80], 3)
    plain = ETSModel(walk, error="add", initialization_method="estimated").fit(disp=False).forecast(3)
    np.testing.assert_allclose(found["ets"][0], plain)
    scores = {(p, q): ARIMA(walk, order=(p, 1, q), trend="n").fit().aicc for p in range(3) for q in range(3)}
    p, q = min(scores, key=lambda each: scores[each])
    np.testing.assert_allclose(found["arima"][0], ARIMA(walk, order=(p, 1, q), trend="n").fit().forecast(3))


@pytest.mark.thorough
def test_no_baseline_sees_what_comes_after_its_origin() -> None:
    pytest.importorskip("statsmodels")
    changed = SEASONAL.copy()
    changed[44:] += 100.0
    before, after = (forecasting_baselines(each, [44], 2, season=4) for each in (SEASONAL, changed))
    assert len(before) == 5
    for name, forecast in before.items():
        np.testing.assert_array_equal(forecast, after[name])


def test_without_statsmodels_the_rest_remains_and_the_reason_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [name for name in sys.modules if name.split(".")[0] == "statsmodels"] or ["statsmodels"]:
        monkeypatch.setitem(sys.modules, module, None)
    found = forecasting_baselines(SEASONAL, [40], 4, season=4)
    assert list(found) == ["naive", "seasonal_naive", "drift"]
    assert set(found.left_out) == {"ets", "arima"} and "keras-lab[series]" in found.left_out["ets"]


def test_a_constant_or_short_series_leaves_the_models_out() -> None:
    pytest.importorskip("statsmodels")
    assert "all equal" in forecasting_baselines(np.ones(30), [20], 2).left_out["arima"]
    assert "8 points before the first origin" in forecasting_baselines(SEASONAL, [8], 2).left_out["ets"]


def test_capped_history_and_an_ignored_season_are_noted() -> None:
    pytest.importorskip("statsmodels")
    wave = np.sin(2 * np.pi * np.arange(200) / 30) + 0.1 * np.random.default_rng(0).normal(size=200)
    found = forecasting_baselines(wave, [180], 4, season=30, most_history=40)
    assert found.notes["ets"] == "fitted to the latest 150 of up to 180 points"
    assert found.notes["arima"].endswith("without the season of 30 points: more than 24 take too long")


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="from 1 to 4"):
        seasonal_naive(TIME[:4], 2, 5)
    with pytest.raises(ValueError, match="horizon received 0"):
        naive(TIME, 0)
    with pytest.raises(ValueError, match="one series at a time"):
        drift(np.zeros((4, 2)), 1)
    with pytest.raises(ValueError, match="origins from 3 to 3, season 4"):
        forecasting_baselines(SEASONAL, [3], 2, season=4)
    with pytest.raises(ValueError, match="at most the 48 there are"):
        forecasting_baselines(SEASONAL, [49], 2)
    with pytest.raises(ValueError, match="whole numbers \\(O,\\)"):
        forecasting_baselines(SEASONAL, [], 2)
