"""What a forecaster can show of its backtest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lab.errors import bad_value
from predictors.baselines.forecasting import naive, seasonal_naive
from predictors.data.examples import Part
from predictors.data.series.series import Series
from predictors.data.series.windows import AHEAD, Windows
from predictors.heads.quantiles import QuantileHead

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def picture(kind: str, series: Series, part: Part, head: QuantileHead, outputs: np.ndarray) -> Figure:
    """Show forecasts over what came, or errors by steps ahead, of the first of several series.

    Args:
        kind: "forecasts" or "errors".
        series: As the forecaster learnt it.
        part: The windows to show.
        head: Of the forecaster.
        outputs: Of the windows, float32 (N, H, C, Q).
    """
    from predictors.figures.numbers.forecast_errors import horizon_figure
    from predictors.figures.numbers.forecasts import forecast_figure

    if not isinstance(part, Windows) or part.origins is None:
        raise bad_value("Forecaster", "part", type(part).__name__, "windows of a Series")
    values = head.true(series.values)[:, 0]
    quantiles = head.quantiles(outputs)[:, :, 0]
    median, levels = head.median(quantiles), head.levels
    many = series.values.shape[1] > 1
    title = f"{series.name}, {series.columns[0]}" if many else series.name
    if kind == "forecasts":
        bands, at = (quantiles, levels) if len(levels) > 1 else (None, ())
        return forecast_figure(values, part.origins, median, bands, at, series.times, title)
    if kind != "errors":
        raise bad_value("Forecaster", "kind of picture", kind, "'forecasts' or 'errors'")
    horizon = median.shape[1]
    shown = {"forecaster": median, "naive": np.stack([naive(values[:o], horizon) for o in part.origins])}
    if series.season > 1:
        shown["seasonal naive"] = np.stack([seasonal_naive(values[:o], horizon, series.season) for o in part.origins])
    bounds = (quantiles[..., 0], quantiles[..., -1]) if len(levels) > 1 else None
    return horizon_figure(head.true(part.targets[AHEAD])[..., 0], shown, bounds, levels[-1] - levels[0], title)
