"""Scores as arrays, refused where no statistic of them would mean anything."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lab.errors import bad_value


def finite(values: ArrayLike, owner: str) -> NDArray[np.float64]:
    """Return values as float64 of their own shape.

    Raises:
        ValueError: For no value, NaN or infinity, or rows of unequal lengths.
    """
    try:
        array = np.asarray(values, dtype=np.float64)
    except ValueError:
        fix = "give each task the same seeds, or a call of its own"
        raise bad_value(owner, "scores", "rows of unequal lengths", "a score of each run in each task", fix) from None
    if array.size == 0:
        raise bad_value(owner, "values", "none", "at least one number")
    bad = array.size - int(np.isfinite(array).sum())
    if bad:
        shown = next(float(v) for v in array.ravel() if not math.isfinite(v))
        raise bad_value(
            owner, "values", shown, f"finite numbers ({bad} of {array.size} are not)", "drop or repair them"
        )
    return array


def by_run_and_task(scores: ArrayLike, owner: str) -> NDArray[np.float64]:
    """Return scores, (runs,) of one task or (runs, tasks), as float64 (runs, tasks).

    Raises:
        ValueError: As `finite`, and for another number of axes.
    """
    array = finite(scores, owner)
    if array.ndim not in (1, 2):
        raise bad_value(owner, "scores of shape", array.shape, "(runs,) or (runs, tasks)")
    return array.reshape(len(array), -1)


def check_draws(level: float, resamples: int) -> None:
    """Raise `ValueError` where no bootstrap has that coverage or that many draws."""
    if not 0 < level < 1:
        raise bad_value("bootstrap interval", "level", level, "a number between 0 and 1, such as 0.95")
    if resamples < 1:
        raise bad_value("bootstrap interval", "resamples", resamples, "a whole number >= 1")
