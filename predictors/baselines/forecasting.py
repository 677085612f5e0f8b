"""What forecasters that need no training data but the series itself reach from the same origins."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lab.errors import bad_value
from predictors.baselines.answers import Baselines
from predictors.baselines.models import MOST_SEASON, Forecast, ModelFailed, arima, ets
from predictors.metrics.checks import check_numbers

MOST_HISTORY = 500
EXTRA = "needs statsmodels, which is not installed: pip install 'keras-lab[series]'"


def naive(train: ArrayLike, horizon: int) -> NDArray[np.float64]:
    """Return the last point for all points ahead, float64 (H,) (Hyndman and Athanasopoulos 2021, section 5.2).

    Args:
        train: What came before, (T,).
        horizon: H.
    """
    return seasonal_naive(train, horizon, 1)


def seasonal_naive(train: ArrayLike, horizon: int, season: int) -> NDArray[np.float64]:
    """Return the last season again and again, float64 (H,) (Hyndman and Athanasopoulos 2021, section 5.2).

    Args:
        train: What came before, (T,), at least a season.
        horizon: H.
        season: Points a season.
    """
    history = _checked("seasonal_naive", train, horizon)
    if not 1 <= season <= len(history):
        raise bad_value("seasonal_naive", "season", season, f"from 1 to {len(history)}, the points before")
    return history[len(history) - season + np.arange(horizon) % season]


def drift(train: ArrayLike, horizon: int) -> NDArray[np.float64]:
    """Return the line through the first and the last point, float64 (H,); of one point that point.

    (Hyndman and Athanasopoulos 2021, section 5.2.)

    Args:
        train: What came before, (T,).
        horizon: H.
    """
    history = _checked("drift", train, horizon)
    slope = (history[-1] - history[0]) / max(1, len(history) - 1)
    return history[-1] + slope * np.arange(1, horizon + 1)


def forecasting_baselines(
    series: ArrayLike, origins: ArrayLike, horizon: int, season: int = 1, *, most_history: int = MOST_HISTORY
) -> Baselines:
    """Return the forecasts of a few baselines from each origin; none sees a point at or after its origin.

    - `naive`, `seasonal_naive` (for a season above 1) and `drift`;
    - `ets` and `arima` through statsmodels, each of the form that the points before the first origin choose and fitted
      anew at every origin.

    `.notes` says where history was capped or a season ignored; `.left_out` why one is missing: statsmodels is not
    installed, or a fit failed.

    Args:
        series: (T,), finite.
        origins: First points to forecast, rising whole numbers (O,), as `predictors.metrics.origins` returns them.
        horizon: H.
        season: Points a season; 1 for none.
        most_history: `ets` and `arima` are fitted to that many latest points, or five seasons where that is more.

    Returns:
        By name float64 (O, H).

    Raises:
        UsageError: When an origin lies outside the series, or less than a season after its start.
    """
    owner = "forecasting_baselines"
    array = _checked(owner, series, horizon)
    starts = np.asarray(origins)
    if starts.ndim != 1 or starts.dtype.kind not in "ui" or len(starts) == 0:
        raise bad_value(owner, "origins", f"{starts.dtype} {starts.shape}", "whole numbers (O,)", "metrics.origins")
    if season < 1 or starts.min() < season or starts.max() > len(array):
        received = f"origins from {starts.min()} to {starts.max()}, season {season}"
        raise bad_value(
            owner, "origins", received, f"a season of points before each, at most the {len(array)} there are"
        )
    answers = Baselines()

    def add(name: str, forecast: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> None:
        answers[name] = np.stack([forecast(array[:start]) for start in starts])

    add("naive", lambda history: naive(history, horizon))
    if season > 1:
        add("seasonal_naive", lambda history: seasonal_naive(history, horizon, season))
    add("drift", lambda history: drift(history, horizon))
    most = max(most_history, 5 * season)
    models: tuple[tuple[str, Callable[..., Forecast]], ...] = (("ets", ets), ("arima", arima))
    for name, choose in models:
        try:
            fit = choose(array[: starts.min()][-most:], season)
            add(name, lambda history, fit=fit: fit(history[-most:], horizon))  # type: ignore[misc]
        except ImportError:
            answers.left_out[name] = EXTRA
        except ModelFailed as reason:
            answers.left_out[name] = str(reason)
        else:
            notes = [f"fitted to the latest {most} of up to {starts.max()} points"] * bool(starts.max() > most)
            if name == "arima" and season > MOST_SEASON:
                notes.append(f"without the season of {season} points: more than {MOST_SEASON} take too long")
            if notes:
                answers.notes[name] = "; ".join(notes)
    return answers


def _checked(owner: str, series: ArrayLike, horizon: int) -> NDArray[np.float64]:
    array = check_numbers(owner, "series", series)
    if array.ndim != 1:
        raise bad_value(owner, "series of shape", array.shape, "(T,)", "one series at a time")
    if horizon < 1:
        raise bad_value(owner, "horizon", horizon, "a whole number >= 1")
    return array
