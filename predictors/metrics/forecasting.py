"""How far forecasts are from what came, and from which points to make them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lab.errors import bad_value
from predictors.metrics.checks import check_numbers, check_pair
from predictors.metrics.intervals import check_quantiles, coverage, mean_width, pinball_loss, weighted_quantile_loss
from predictors.metrics.regression import mean_absolute_error, root_mean_squared_error
from predictors.metrics.table import MetricTable


def origins(length: int, horizon: int, count: int, stride: int | None = None, fewest: int = 1) -> NDArray[np.int64]:
    """Return the rolling origins of a backtest (Tashman 2000): forecasts of [o, o + horizon) may see [0, o) only.

    The last forecast ends with the series.

    Args:
        length: Points of the series.
        horizon: Points to forecast.
        count: Origins.
        stride: Points from one origin to the next; None for the horizon, so that no point is forecast twice.
        fewest: Points that the first forecast needs before it.

    Returns:
        Rising int64 (count,).

    Raises:
        UsageError: When the series is too short for so many.
    """
    stride = horizon if stride is None else stride
    for name, value in (("horizon", horizon), ("count", count), ("stride", stride), ("fewest", fewest)):
        if not isinstance(value, int | np.integer) or value < 1:
            raise bad_value("origins", name, value, "a whole number >= 1")
    first = length - horizon - (count - 1) * stride
    if first < fewest:
        need = length - first + fewest
        fix = "fewer origins, a shorter horizon or a smaller stride"
        raise bad_value("origins", "length", length, f"at least {need} points for {count} origins", fix)
    return first + stride * np.arange(count, dtype=np.int64)


def seasonal_naive_error(train: ArrayLike, season: int = 1) -> NDArray[np.float64]:
    """Return the mean absolute error of predicting each training point by that a season before.

    Args:
        train: Training part of the series, (T,) or (T, S) for S series.
        season: Points a season; 1 for the last point.

    Returns:
        float64 () or (S,).

    Raises:
        UsageError: When the part is no longer than a season, or a series repeats itself exactly, so that there is
            nothing to scale by.
    """
    array = check_numbers("mase", "train", train)
    if array.ndim > 2:
        raise bad_value("mase", "train of shape", array.shape, "(T,) or (T, S)")
    if season < 1 or len(array) <= season:
        raise bad_value("mase", "season", season, f"from 1 to {len(array) - 1}, below the {len(array)} training points")
    error = np.abs(array[season:] - array[:-season]).mean(axis=0)
    if (error == 0.0).any():
        received = "a constant series" if season == 1 else f"a series that repeats exactly every {season} points"
        raise bad_value("mase", "train", received, "one whose naive forecast errs", "leave the series out, or use mae")
    return np.asarray(error, np.float64)


def mean_absolute_scaled_error(predicted: ArrayLike, true: ArrayLike, train: ArrayLike, season: int = 1) -> float:
    """Return the mean absolute error over that of the seasonal naive forecast within the training part.

    Hyndman and Koehler 2006, "Another look at measures of forecast accuracy", section 3. Below 1 is better than the
    one-step naive forecasts were there.

    Args:
        predicted, true: Numbers (..., H), or (..., H, S) for S series; all is computed in float64.
        train: Training part, (T,), or (T, S); it must end before the first forecast.
        season: Points a season.
    """
    a, b = check_pair("mase", predicted, true)
    scale = seasonal_naive_error(train, season)
    if scale.ndim and a.shape[-1] != len(scale):
        raise bad_value("mase", "predicted of shape", a.shape, f"(..., H, {len(scale)}), as train has that many series")
    return float((np.abs(a - b) / scale).mean())


def forecasting_metrics(
    predicted: ArrayLike,
    true: ArrayLike,
    train: ArrayLike,
    season: int = 1,
    quantiles: ArrayLike | None = None,
    levels: ArrayLike = (),
) -> MetricTable:
    """Return mae, rmse and mase; with quantiles also those of the forecast distribution.

    These are pinball, weighted_quantile_loss, coverage_P and interval_width of the interval between the outermost
    levels, where P is how many percent it should cover: coverage_80 for levels from 0.1 to 0.9.

    Args:
        predicted, true: Numbers (..., H), or (..., H, S) for S series; all is computed in float64.
        train: Training part, (T,) or (T, S).
        season: Points a season.
        quantiles: Predicted quantiles, (..., H, Q) or (..., H, S, Q).
        levels: Of the quantiles, rising, (Q,).
    """
    a, b = check_pair("forecasting_metrics", predicted, true)
    table = MetricTable()
    table["mae"] = mean_absolute_error(a, b)
    table["rmse"] = root_mean_squared_error(a, b)
    table["mase"] = mean_absolute_scaled_error(a, b, train, season)
    if quantiles is not None:
        values, _, at = check_quantiles("forecasting_metrics", quantiles, b, levels)
        table["pinball"] = pinball_loss(values, b, at)
        table.add("weighted_quantile_loss", lambda: weighted_quantile_loss(values, b, at))
        if len(at) > 1:
            low, high = values[..., 0], values[..., -1]
            table[f"coverage_{100 * (at[-1] - at[0]):.3g}"] = coverage(low, high, b)
            table["interval_width"] = mean_width(low, high)
    return table
