"""Columns: the numbers of a run's rows by name, which take a tenth of the memory that the rows would."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lab.reporting.html.formats import number

NOT_METRICS = frozenset({"step", "purpose", "learner", "returns", "lengths"})
# A stranger's rows could each have names of their own.
MOST_NAMES = 1_000
# The scale of an axis overflows long before a float does.
LARGEST = 1e100


class Points(NamedTuple):
    """A curve: steps int64 (N,), or other numbers float64, never falling, and values float64 (N,)."""

    steps: NDArray[Any]
    values: NDArray[np.float64]


class Columns:
    """The finite numbers of rows, by their names in the order in which they first appear.

    Args:
        rows: To begin with.

    Attributes:
        count: Rows so far.
        last: The row of the greatest step.
        full: Whether names were left out because there were too many.
    """

    def __init__(self, rows: Iterable[Mapping[str, Any]] = ()) -> None:
        self.count = 0
        self.last: Mapping[str, Any] = {}
        self.full = False
        self._columns: dict[str, tuple[array[int], array[float]]] = {}
        self._seconds = (-1, 0.0)
        for row in rows:
            self.add(row)

    def __len__(self) -> int:
        return self.count

    @property
    def names(self) -> list[str]:
        """The metrics that any row has a number for."""
        return list(self._columns)

    @property
    def seconds(self) -> float | None:
        """`time_elapsed` of the last row that has it."""
        return self._seconds[1] if self._seconds[0] >= 0 else None

    def add(self, row: Mapping[str, Any]) -> None:
        """Add a row, which has a whole number as its `step`."""
        step = row["step"]
        self.count += 1
        if step >= self.last.get("step", 0):
            self.last = row
        elapsed = number(row.get("time_elapsed"))
        if elapsed is not None and step >= self._seconds[0]:
            self._seconds = (step, elapsed)
        for name, given in row.items():
            column = self._columns.get(name)
            if column is None:
                column = self._begin(name, given)
                if column is None:
                    continue
            if type(given) is float and -LARGEST <= given <= LARGEST:
                value: float | None = given
            else:
                value = number(given)
            if value is not None:
                column[0].append(step)
                column[1].append(min(max(value, -LARGEST), LARGEST))

    def _begin(self, name: str, given: object) -> tuple[array[int], array[float]] | None:
        """Return the column of a name that has none yet; None where there is nothing to keep."""
        if not is_metric(name) or number(given) is None:
            return None
        if len(self._columns) == MOST_NAMES:
            self.full = True
            return None
        self._columns[name] = (array("q"), array("d"))
        return self._columns[name]

    def series(self, name: str) -> Points:
        """Return a metric's curve, by step; an empty one for a name that no row has."""
        found = self._columns.get(name, ((), ()))
        steps, values = np.array(found[0], np.int64), np.array(found[1], np.float64)
        if len(steps) and (np.diff(steps) < 0).any():
            order = np.argsort(steps, kind="stable")
            steps, values = steps[order], values[order]
        return Points(steps, values)


def is_metric(name: str) -> bool:
    """Return whether a number of that name is a result rather than a label or a time."""
    return name not in NOT_METRICS and not name.startswith("time_")
