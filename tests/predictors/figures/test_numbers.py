"""Figures of regressors and forecasters: what lies where, and that nothing is cut off."""

from __future__ import annotations

import numpy as np
import pytest

from predictors.figures import forecast_figure, regression_figure
from tests.predictors.figures.drawing import check_whole, texts

SERIES = np.sin(np.arange(60) / 4.0)
ORIGINS = np.array([40, 45, 50])
FORECASTS = np.stack([SERIES[o : o + 5] + 0.1 for o in ORIGINS])
QUANTILES = FORECASTS[..., None] + np.array([-0.4, -0.2, 0.0, 0.2, 0.4])
LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)


def test_regression_draws_predictions_residuals_and_their_spread() -> None:
    true = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    figure = regression_figure(true + np.array([0.5, 0.0, 0.0, 0.0, -1.0]), true, ["price in $"])
    above, residuals, histogram = figure.axes
    np.testing.assert_allclose(above.collections[0].get_offsets()[0], [1.0, 1.5])
    np.testing.assert_allclose(residuals.collections[0].get_offsets()[-1], [4.0, -1.0])
    assert sum(bar.get_height() for bar in histogram.patches) == 5
    assert r"price in \$: 5 rows" in texts(figure) and "mean absolute error 0.3" in texts(figure)
    check_whole(figure)


def test_of_many_targets_four_are_drawn_and_it_is_said() -> None:
    rows = np.random.default_rng(0).normal(size=(20, 6))
    figure = regression_figure(rows, rows + 1.0)
    assert len(figure.axes) == 12 and "the first 4 of 6 targets" in texts(figure)
    check_whole(figure)


def test_a_fan_has_a_band_a_pair_of_levels_and_lies_at_its_origin() -> None:
    figure = forecast_figure(SERIES, ORIGINS, FORECASTS, QUANTILES, LEVELS, title="wave")
    (axes,) = figure.axes
    assert len(axes.collections) == 6
    labels = texts(axes.get_legend())  # type: ignore[arg-type]
    assert labels == ["series", "origin", "10 to 90 %", "25 to 75 %", "forecast"]
    lines = [line for line in axes.lines if len(line.get_xdata()) == 5]
    assert [line.get_xdata()[0] for line in lines] == [40, 45, 50]
    np.testing.assert_allclose(lines[1].get_ydata(), FORECASTS[1])
    outer = axes.collections[0].get_paths()[0].vertices
    assert outer[:, 1].min() == pytest.approx(QUANTILES[0].min()) and outer[:, 0].max() == 44
    check_whole(figure)


def test_of_overlapping_forecasts_those_apart_are_drawn_and_it_is_said() -> None:
    origins = np.arange(40, 56)
    figure = forecast_figure(SERIES, origins, np.zeros((16, 5)), title="wave")
    lines = [line for line in figure.axes[0].lines if len(line.get_xdata()) == 5]
    assert [line.get_xdata()[0] for line in lines] == [40, 45, 50, 55] and "wave: 4 of 16 origins" in texts(figure)


def test_forecasts_may_go_beyond_the_series_in_dates_too() -> None:
    days = np.arange("2024-01-01", "2024-03-01", dtype="datetime64[D]")
    figure = forecast_figure(SERIES, [60], [[0.0, 0.1]], times=days)
    line = next(line for line in figure.axes[0].lines if len(line.get_xdata()) == 2 and line.get_ydata()[1] == 0.1)
    assert line.get_xdata(orig=True)[1] == np.datetime64("2024-03-02")
    check_whole(figure)


def test_a_single_point_ahead_is_seen() -> None:
    check_whole(forecast_figure(SERIES, ORIGINS, FORECASTS[:, :1], QUANTILES[:, :1], LEVELS))


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="2 names.*each of 1 targets"):
        regression_figure([1.0], [1.0], ["a", "b"])
    with pytest.raises(ValueError, match="\\(O, H\\)"):
        forecast_figure(SERIES, ORIGINS[:2], FORECASTS)
    with pytest.raises(ValueError, match="from 1 to 60"):
        forecast_figure(SERIES, [61], FORECASTS[:1])
    with pytest.raises(ValueError, match="quantiles of shape.*\\(3, 5, 2\\)"):
        forecast_figure(SERIES, ORIGINS, FORECASTS, QUANTILES, (0.1, 0.9))
    with pytest.raises(ValueError, match="as the series"):
        forecast_figure(SERIES, ORIGINS, FORECASTS, times=np.arange(3))
