"""Exponential smoothing and ARIMA of statsmodels, of the form that suits a series."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Forecast = Callable[[NDArray[np.float64], int], NDArray[np.float64]]

# A seasonal ARIMA's state is as long as its season, and each step of its filter costs the cube of that.
MOST_SEASON = 24
MOST_LAG = 2
FEWEST_POINTS = 12


class ModelFailed(RuntimeError):  # noqa: N818 - it names what happened
    """No form of a model could be fitted."""


def ets(history: NDArray[np.float64], season: int) -> Forecast:
    """Choose an exponential smoothing by AICc and return how it forecasts (Hyndman et al. 2008, chapter 2).

    Errors and seasons are additive; the trend is none, additive or damped.

    Args:
        history: Points to choose by, (T,).
        season: Points a season; with fewer than two seasons of history the model has none.

    Returns:
        A function of points (T,) and a horizon H that fits the chosen form and forecasts (H,).
    """
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    seasonal = season > 1 and len(history) >= 2 * season
    forms: list[dict[str, Any]] = [
        {"trend": None},
        {"trend": "add", "damped_trend": True},
        {"trend": "add", "damped_trend": False},
    ]

    def fit(points: NDArray[np.float64], form: dict[str, Any]) -> Any:
        options = {"seasonal": "add", "seasonal_periods": season} if seasonal else {}
        # Each point of a season is a parameter more to search; for long ones the usual start must do.
        start = "heuristic" if seasonal and season > MOST_SEASON else "estimated"
        return ETSModel(points, error="add", initialization_method=start, **form, **options).fit(disp=False)

    return _chosen("ets", history, forms, fit)


def arima(history: NDArray[np.float64], season: int) -> Forecast:
    """Choose an ARIMA model and return how it forecasts, in the way of Hyndman and Khandakar 2008, section 3.

    KPSS tests tell how often to take differences, AICc how many lags, up to two of each kind. Series with a season of
    up to 24 points, and two of them, get the seasonal part (0, 1, 1) of Box and Jenkins' airline model.

    Args:
        history: Points to choose by, (T,).
        season: Points a season.

    Returns:
        A function of points (T,) and a horizon H that fits the chosen form and forecasts (H,).
    """
    from statsmodels.tsa.arima.model import ARIMA

    seasonal = 1 < season <= MOST_SEASON and len(history) >= 2 * season + FEWEST_POINTS
    level = history[season:] - history[:-season] if seasonal else history
    differences = _differences(level, 1 if seasonal else 2)
    lags = itertools.product(range(MOST_LAG + 1), repeat=2)
    forms: list[dict[str, Any]] = [{"order": (p, differences, q)} for p, q in lags]

    def fit(points: NDArray[np.float64], form: dict[str, Any]) -> Any:
        part = (0, 1, 1, season) if seasonal else (0, 0, 0, 0)
        trend = "n" if seasonal or differences else "c"
        return ARIMA(points, seasonal_order=part, trend=trend, **form).fit()

    return _chosen("arima", history, forms, fit)


def _chosen(name: str, history: NDArray[np.float64], forms: list[dict[str, Any]], fit: Callable[..., Any]) -> Forecast:
    if len(history) < FEWEST_POINTS:
        raise ModelFailed(f"{name}: {len(history)} points before the first origin; expected at least {FEWEST_POINTS}")
    if (history == history[0]).all():
        raise ModelFailed(f"{name}: the points before the first origin are all equal")

    def criterion(form: dict[str, Any]) -> float:
        try:
            value = float(_quietly(fit, history, form).aicc)
        except (ValueError, np.linalg.LinAlgError):
            return math.inf
        return value if math.isfinite(value) else math.inf

    scores = [criterion(form) for form in forms]
    best = int(np.argmin(scores))
    if scores[best] == math.inf:
        raise ModelFailed(f"{name}: none of {len(forms)} forms could be fitted to {len(history)} points")

    def forecast(points: NDArray[np.float64], horizon: int) -> NDArray[np.float64]:
        try:
            values = np.asarray(_quietly(fit, points, forms[best]).forecast(horizon), np.float64)
        except (ValueError, np.linalg.LinAlgError) as error:
            raise ModelFailed(f"{name}: the fit to {len(points)} points failed: {error}") from error
        if not np.isfinite(values).all():
            raise ModelFailed(f"{name}: forecasts that are not finite from {len(points)} points")
        return values

    return forecast


def _quietly(fit: Callable[..., Any], points: NDArray[np.float64], form: dict[str, Any]) -> Any:
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1), warnings.catch_warnings():
        # Poor starts and slow searches are the rule among forms that are tried and dropped.
        warnings.simplefilter("ignore")
        return fit(points, form)


def _differences(points: NDArray[np.float64], most: int) -> int:
    """Return how often to take differences until KPSS does not reject a steady level at 5 %."""
    from statsmodels.tsa.stattools import kpss

    for taken in range(most):
        if len(points) < FEWEST_POINTS or (points == points[0]).all():
            return taken
        with warnings.catch_warnings():
            # That a p-value lies beyond its table does not change the answer.
            warnings.simplefilter("ignore")
            if kpss(points, regression="c", nlags="auto")[1] >= 0.05:
                return taken
        points = np.diff(points)
    return most
