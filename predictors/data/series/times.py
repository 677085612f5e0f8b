"""Whether the times of a series rise in equal steps."""

from __future__ import annotations

import datetime
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.errors import bad_value

# Of a step, for times that are floating numbers: far above their rounding, far below a missing point.
TOLERANCE = 1e-3
ZONE = re.compile(r"(Z|[+-][0-9]{2}(:?[0-9]{2})?)$")


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
    if array.dtype.kind in "OU" and array.ndim == 1:
        array = _dates(owner, array)
    if array.ndim != 1 or array.dtype.kind not in "iufM" or len(array) != length:
        raise bad_value(owner, "times", f"{array.dtype} {array.shape}", f"({length},), one for each row of values")
    bad = np.isnat(array) if array.dtype.kind == "M" else ~np.isfinite(array)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise bad_value(owner, f"time of row {row}", _said(array[row]), "a time for each row")
    steps = np.diff(array) if array.dtype.kind == "M" else np.diff(array.astype(np.float64))
    backward = np.flatnonzero(steps <= np.zeros((), steps.dtype))
    if len(backward):
        row = int(backward[0]) + 1
        received = f"{_said(array[row])} after {_said(array[row - 1])} in row {row}"
        raise bad_value(owner, "times", received, "times that rise", "sort the rows, and keep one of each time.")
    uneven = _uneven(array, steps)
    if uneven is not None:
        received = f"{_said(array[uneven])} after {_said(array[uneven - 1])} in row {uneven}, another step than before"
        fix = "fill the gaps in first, or average within equal steps: nothing here does that silently."
        raise bad_value(owner, "times", received, "equal steps", fix)
    return array


def _dates(owner: str, array: NDArray[Any]) -> NDArray[Any]:
    """Return texts or datetimes as times, in UTC where they name a zone.

    Raises:
        UsageError: On what is no date, or where some name a zone and others do not.
    """
    found, zones = [], []
    for row, value in enumerate(array.tolist()):
        try:
            time = value if isinstance(value, datetime.datetime) else _zoned(value)
            zones.append(time is not None and time.tzinfo is not None)
            if time is not None and time.tzinfo is not None:
                value = time.astimezone(datetime.UTC).replace(tzinfo=None)
            found.append(np.datetime64(value))
        except (ValueError, TypeError, OverflowError) as error:
            expected = "a number or a date such as 2024-05-01 or 2024-05-01T12:00+01:00"
            raise bad_value(owner, f"time of row {row}", value, expected) from error
    if any(zones) and not all(zones):
        row = zones.index(not zones[0])
        raise bad_value(owner, f"time of row {row}", str(array[row]), "a zone in each row or in none")
    # Nanoseconds reach from 1678 to 2262 only, and wrap round silently beyond.
    finest = {np.datetime_data(value.dtype)[0] for value in found} - {"generic"}
    return np.array(found, "datetime64[ns]" if finest & {"ns", "ps", "fs", "as"} else "datetime64[us]")


def _zoned(value: Any) -> datetime.datetime | None:
    """Return a text that names a zone behind its time as a datetime, or None."""
    if not isinstance(value, str) or ":" not in value or not ZONE.search(value):
        return None
    return datetime.datetime.fromisoformat(value)


def _said(time: Any) -> str:
    """Return a time as a reader writes it."""
    return str(np.datetime_as_string(time, unit="auto")) if isinstance(time, np.datetime64) else f"{time:.12g}"


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
