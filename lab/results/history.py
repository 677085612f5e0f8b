"""History: one row of metrics a log point."""

from __future__ import annotations

import csv
import html
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lab.errors import MissingPackageError, UsageError, bad_value, printable
from lab.files.atomic import replacing
from lab.files.json_lines import JsonLines, clean

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

# What depends on the clock differs between equal runs; such keys start like this.
CLOCK = "time_"
ROWS_SHOWN = 5


class History:
    """Rows of metrics in the order they were logged; each has `step`.

    Two histories are equal if their rows are, apart from keys that start with `time_`.

    Args:
        rows: Rows to begin with.
        unit: What a step is; the label of the plots' x axis.
    """

    def __init__(self, rows: Iterable[Mapping[str, Any]] = (), unit: str = "environment steps") -> None:
        self.rows: list[dict[str, Any]] = []
        self.unit = unit
        for row in rows:
            self.append(row)

    @classmethod
    def read(cls, path: str | os.PathLike[str], unit: str = "environment steps") -> History:
        """Read a run's metrics.jsonl; damaged lines are named in a warning, and one cut short by a kill is left out.

        Raises:
            UsageError: If there is no such file, or it cannot be read at all.
        """
        path = Path(path)
        if not os.path.lexists(path):
            raise UsageError(f"History: no file {path}; expected a run's metrics.jsonl. Fix: check the path")
        return cls(JsonLines(path).read(), unit)

    def append(self, row: Mapping[str, Any]) -> None:
        """Add a row.

        Args:
            row: Values by name, with a whole number under `step`. NumPy scalars become numbers, and what is not finite
                becomes None, as in metrics.jsonl.
        """
        cleaned: dict[str, Any] = clean(row)
        step = cleaned.get("step")
        if not isinstance(step, int) or isinstance(step, bool):
            raise bad_value("History", "row's step", step, "a whole number", "give the row a 'step'")
        self.rows.append(cleaned)

    @property
    def names(self) -> list[str]:
        """The columns without `step`, in the order they first appeared."""
        return [name for name in dict.fromkeys(key for row in self.rows for key in row) if name != "step"]

    def column(self, name: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the rows that have a number under `name`.

        Returns:
            Their steps, int64 (n,), and values, float64 (n,).

        Raises:
            ValueError: If no row has such a column.
        """
        if name not in self.names:
            raise bad_value("History", "column", name, "one of " + (", ".join(self.names) or "no column yet"))
        found = [(row["step"], row[name]) for row in self.rows if isinstance(row.get(name), (int, float))]
        return np.array([step for step, _ in found], np.int64), np.array([value for _, value in found], np.float64)

    def to_frame(self) -> pandas.DataFrame:
        """Return the rows as a pandas frame: a column for `step` and each of `names`, NaN where a row lacks it.

        Raises:
            MissingPackageError: When pandas is not installed.
        """
        try:
            import pandas
        except ModuleNotFoundError as error:
            raise MissingPackageError(
                "History.to_frame takes pandas, which is not installed. Fix: pip install pandas."
            ) from error
        return pandas.DataFrame(self.rows, columns=["step", *self.names])

    def to_csv(self, path: str | os.PathLike[str]) -> Path:
        """Write all rows, `step` first, then `names`; a cell is empty where a row lacks the column."""
        path = Path(path)
        with replacing(path) as partial, partial.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, ["step", *self.names], lineterminator="\n")
            writer.writeheader()
            writer.writerows(self.rows)
        return path

    def plot(self, path: str | os.PathLike[str] | None = None, names: Sequence[str] | None = None) -> Figure:
        """Plot one panel a metric over the steps; `x_low` and `x_high` become a band around `x`.

        Args:
            path: Also write the figure there (.png, .svg or .pdf).
            names: Columns to show; None for all numbers but those of the clock.

        Returns:
            A figure of its own, not one of pyplot's.
        """
        from lab.media.plotting import plot_series, write_figure

        known = set(self.names)
        ends = {name: (name + "_low", name + "_high") for name in known}
        ends = {name: both for name, both in ends.items() if known.issuperset(both)}
        if names is None:
            hidden = {end for both in ends.values() for end in both}
            names = [name for name in self.names if not name.startswith(CLOCK) and name not in hidden]
            names = [name for name in names if len(self.column(name)[0])]
        bands = {}
        for name, (low, high) in ends.items():
            (steps, lower), (others, upper) = self.column(low), self.column(high)
            if np.array_equal(steps, others):
                bands[name] = steps, lower, upper
        figure = plot_series({name: self.column(name) for name in names}, self.unit, bands)
        if path is not None:
            write_figure(figure, path)
        return figure

    def __len__(self) -> int:
        return len(self.rows)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, History):
            return NotImplemented
        return _without_clock(self.rows) == _without_clock(other.rows)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        if not self.rows:
            return f"History(no rows, unit={self.unit!r})"
        last = ", ".join(f"{k}={_shown(v)}" for k, v in self.rows[-1].items() if not k.startswith(CLOCK))
        return printable(f"History({len(self)} rows in {self.unit}; last: {last})")

    def _repr_html_(self) -> str:
        if not self.rows:
            return f"<p>{html.escape(repr(self))}</p>"
        from lab.media.plotting import svg

        names = ["step", *self.names]
        head = "".join(f"<th>{html.escape(name)}</th>" for name in names)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(_shown(row.get(name)))}</td>" for name in names) + "</tr>"
            for row in self.rows[-ROWS_SHOWN:]
        )
        return f"<table><tr>{head}</tr>{body}</table>{svg(self.plot())}"


def _without_clock(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in row.items() if not key.startswith(CLOCK)} for row in rows]


def _shown(value: Any) -> str:
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:.6g}"
    return "" if value is None else str(value)
