"""Whether the times of a series rise in equal steps."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.errors import bad_value

# Of a step, for times that are floating numbers: far above their rounding, far below a missing point.
TOLERANCE = 1e-3


def checked_times(owner: str, times: Any, length: int) -> NDArray[Any]:
    """Return the times of a series' points, (T,); whole numbers from 0 where none are given.

    Args:
        owner: Who asks, for messages.
        times: (T,) numbers, NumPy or Python datetimes, or dates as texts; None for none.
        length: T.

    Raises:
        UsageError: When they are not as many, do not rise, or leave one out; months and years are equal steps.
    """
    if times is None:
        return np.arange(length)
    array = np.asarray(times)
    if array.dtype.kind in "OU":
        try:
            array = array.astype("datetime64[ns]")
        except (ValueError, TypeError) as error:
            raise bad_value(
                owner, "times", array.ravel()[:1].tolist(), "numbers or dates such as 2024-05-01"
            ) from error
    if array.ndim != 1 or array.dtype.kind not in "iufM" or len(array) != length:
        raise bad_value(owner, "times", f"{array.dtype} {array.shape}", f"({length},), one for each row of values")
    bad = np.isnat(array) if array.dtype.kind == "M" else ~np.isfinite(array)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise bad_value(owner, f"time of row {row}", str(array[row]), "a time for each row")
    steps = np.diff(array) if array.dtype.kind == "M" else np.diff(array.astype(np.float64))
    backward = np.flatnonzero(steps <= np.zeros((), steps.dtype))
    if len(backward):
        row = int(backward[0]) + 1
        received = f"{array[row]} after {array[row - 1]} in row {row}"
        raise bad_value(owner, "times", received, "times that rise", "sort the rows, and keep one of each time.")
    uneven = _uneven(array, steps)
    if uneven is not None:
        received = f"{array[uneven]} after {array[uneven - 1]} in row {uneven}, another step than before"
        fix = "fill the gaps in first, or average within equal steps: nothing here does that silently."
        raise bad_value(owner, "times", received, "equal steps", fix)
    return array


def _uneven(array: NDArray[Any], steps: NDArray[Any]) -> int | None:
    """Return the row before which the first step lies that differs, or None."""
    if len(steps) < 2:
        return None
    if array.dtype.kind == "M":
        months = array.astype("datetime64[M]")
        ends = (array + np.timedelta64(1, "D")).astype("datetime64[D]")
        days = array.astype("datetime64[D]") - months
        of_months = (days == days[0]).all() or (ends == ends.astype("datetime64[M]")).all()
        passed = np.diff(months.astype(np.int64))
        if of_months and (passed > 0).all():
            steps = passed
        differing = steps != _usual(steps)
    else:
        usual = _usual(steps)
        differing = np.abs(steps - usual) > TOLERANCE * usual
    return int(np.flatnonzero(differing)[0]) + 1 if differing.any() else None


def _usual(steps: NDArray[Any]) -> Any:
    # The median is one of the steps: a gap at the beginning is then named itself, and not all that follows.
    return np.sort(steps)[(len(steps) - 1) // 2]
