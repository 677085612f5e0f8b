"""How far predicted numbers are from the true ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from lab.errors import bad_value
from lab.results.statistics import bootstrap_interval
from predictors.metrics.checks import check_pair
from predictors.metrics.intervals import coverage, mean_width
from predictors.metrics.table import MetricTable, UndefinedMetric

RESAMPLES = 2_000


def mean_absolute_error(predicted: ArrayLike, true: ArrayLike) -> float:
    """Return the mean of |predicted - true|, in the targets' unit.

    Args:
        predicted, true: Numbers of one shape (...); float64 is what they are computed in.
    """
    a, b = check_pair("mean_absolute_error", predicted, true)
    return float(np.abs(a - b).mean())


def root_mean_squared_error(predicted: ArrayLike, true: ArrayLike) -> float:
    """Return the root of the mean of (predicted - true)^2, in the targets' unit.

    Args:
        predicted, true: Numbers of one shape (...); float64 is what they are computed in.
    """
    a, b = check_pair("root_mean_squared_error", predicted, true)
    return float(np.sqrt(np.square(a - b).mean()))


def median_absolute_error(predicted: ArrayLike, true: ArrayLike) -> float:
    """Return the median of |predicted - true|, in the targets' unit; a few wild rows do not move it.

    Args:
        predicted, true: Numbers of one shape (...); float64 is what they are computed in.
    """
    a, b = check_pair("median_absolute_error", predicted, true)
    return float(np.median(np.abs(a - b)))


def r2(predicted: ArrayLike, true: ArrayLike) -> float:
    """Return the fraction of the targets' variance that is explained: 0 for their mean, negative below it.

    Args:
        predicted, true: float (N,), or (N, T): then the mean over the T targets.

    Raises:
        UndefinedMetric: When a target does not vary, as a single row's cannot.
    """
    a, b = check_pair("r2", predicted, true)
    a, b = a.reshape(len(a), -1), b.reshape(len(b), -1)
    # Compared, not summed: rounding makes the variance of equal numbers other than 0.
    if (b == b[0]).all(axis=0).any():
        raise UndefinedMetric("r2: a target is the same in all rows, and it divides by its variance")
    residual = np.square(a - b).sum(axis=0)
    total = np.square(b - b.mean(axis=0)).sum(axis=0)
    return float((1.0 - residual / total).mean())


def mae_interval(
    predicted: ArrayLike, true: ArrayLike, level: float = 0.95, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[float, float]:
    """Return the percentile bootstrap interval of the mean absolute error over rows.

    Args:
        predicted, true: float (N, ...) of one shape; what belongs to one row is drawn together.
        level: Coverage, between 0 and 1.
        resamples: How often to draw N rows with replacement.
        seed: Of the draws.
    """
    a, b = check_pair("mae_interval", predicted, true)
    errors = np.abs(a - b).reshape(len(a), -1).mean(axis=1)
    return bootstrap_interval(errors, np.mean, level, resamples, seed)


def regression_metrics(
    predicted: ArrayLike,
    true: ArrayLike,
    low: ArrayLike | None = None,
    high: ArrayLike | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> MetricTable:
    """Return mae with its 95 % bootstrap interval (mae_low, mae_high), rmse, r2 and median_absolute_error.

    With ends of intervals also coverage and interval_width. What has no value is under `.left_out` with the reason:
    r2 of a target that does not vary, and the interval of a single row.

    Args:
        predicted, true: float (N,) or (N, T).
        low, high: Ends of intervals, of that shape; both or none.
        resamples: Of the bootstrap over rows.
        seed: Of the bootstrap.
    """
    a, b = check_pair("regression_metrics", predicted, true)
    if (low is None) != (high is None):
        raise bad_value("regression_metrics", "low and high", "one of them", "both or none")
    table = MetricTable()
    table["mae"] = mean_absolute_error(a, b)
    if len(a) > 1:
        table["mae_low"], table["mae_high"] = mae_interval(a, b, resamples=resamples, seed=seed)
    else:
        table.left_out.update(dict.fromkeys(("mae_low", "mae_high"), "one row does not say how rows differ"))
    table["rmse"] = root_mean_squared_error(a, b)
    table.add("r2", lambda: r2(a, b))
    table["median_absolute_error"] = median_absolute_error(a, b)
    if low is not None and high is not None:
        table["coverage"] = coverage(low, high, b)
        table["interval_width"] = mean_width(low, high)
    return table
