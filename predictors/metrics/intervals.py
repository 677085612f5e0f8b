"""Whether intervals and quantiles hold what they promise."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lab.errors import bad_value
from predictors.metrics.checks import check_numbers, check_pair
from predictors.metrics.table import UndefinedMetric


def coverage(low: ArrayLike, high: ArrayLike, true: ArrayLike) -> float:
    """Return the fraction of targets within their intervals, ends included.

    Args:
        low, high: Ends of the intervals, float (...), of one shape; low <= high.
        true: Targets, of that shape.
    """
    below, above = _ends("coverage", low, high)
    _, targets = check_pair("coverage", below, true)
    return float(((below <= targets) & (targets <= above)).mean())


def mean_width(low: ArrayLike, high: ArrayLike) -> float:
    """Return the mean of high - low, in the targets' unit.

    Args:
        low, high: Ends of the intervals, float (...), of one shape; low <= high.
    """
    below, above = _ends("mean_width", low, high)
    return float((above - below).mean())


def pinball_loss(quantiles: ArrayLike, true: ArrayLike, levels: ArrayLike) -> float:
    """Return the mean quantile loss, max(q (y - f), (q - 1) (y - f)) (Koenker and Bassett 1978).

    Args:
        quantiles: Predicted quantiles, float (..., Q).
        true: Targets, float (...).
        levels: Of the quantiles, rising, each between 0 and 1, float (Q,).

    Returns:
        The mean over targets and levels, in the targets' unit; for the median alone half the mean absolute error.
    """
    return float(_pinball("pinball_loss", quantiles, true, levels).mean())


def weighted_quantile_loss(quantiles: ArrayLike, true: ArrayLike, levels: ArrayLike) -> float:
    """Return twice the summed quantile loss over the sum of absolute targets, the mean over levels.

    Salinas et al. 2020 (DeepAR, section 4) call it the rho-risk; for the median alone it is the sum of absolute errors
    over that of absolute targets.

    Args:
        quantiles: Predicted quantiles, float (..., Q).
        true: Targets, float (...).
        levels: Of the quantiles, rising, each between 0 and 1, float (Q,).

    Raises:
        UndefinedMetric: When all targets are 0.
    """
    losses = _pinball("weighted_quantile_loss", quantiles, true, levels)
    total = float(np.abs(np.asarray(true, np.float64)).sum())
    if total == 0.0:
        raise UndefinedMetric("weighted_quantile_loss: all targets are 0, and it divides by their sum")
    return float(2.0 * losses.sum(axis=tuple(range(losses.ndim - 1))).mean() / total)


def check_levels(owner: str, levels: ArrayLike) -> NDArray[np.float64]:
    """Return levels of quantiles as float64 (Q,) after checking that they rise within (0, 1)."""
    array = check_numbers(owner, "levels", levels)
    if array.ndim != 1 or array.min() <= 0.0 or array.max() >= 1.0 or (np.diff(array) <= 0.0).any():
        raise bad_value(owner, "levels", array.tolist(), "rising numbers between 0 and 1, such as (0.1, 0.5, 0.9)")
    return array


def check_quantiles(
    owner: str, quantiles: ArrayLike, true: ArrayLike, levels: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return quantiles (..., Q), targets (...) and levels (Q,) after checking that they belong together."""
    values, targets = check_numbers(owner, "quantiles", quantiles), check_numbers(owner, "true", true)
    array = check_levels(owner, levels)
    if values.shape != (*targets.shape, len(array)):
        expected = f"{(*targets.shape, len(array))}: the targets' shape and {len(array)} levels"
        raise bad_value(owner, "quantiles of shape", values.shape, expected)
    return values, targets, array


def _pinball(owner: str, quantiles: ArrayLike, true: ArrayLike, levels: ArrayLike) -> NDArray[np.float64]:
    values, targets, array = check_quantiles(owner, quantiles, true, levels)
    error = targets[..., None] - values
    return np.maximum(array * error, (array - 1.0) * error)


def _ends(owner: str, low: ArrayLike, high: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    below, above = check_numbers(owner, "low", low), check_numbers(owner, "high", high)
    if below.shape != above.shape:
        raise bad_value(owner, "low and high of shapes", (below.shape, above.shape), "one shape")
    crossed = int((below > above).sum())
    if crossed:
        received = f"{crossed} of {below.size} intervals whose low end is above the high one"
        raise bad_value(owner, "low and high", received, "low <= high", "np.sort(quantiles, axis=-1)")
    return below, above
