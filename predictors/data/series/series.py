"""Series: values in time, in parts to train, select and test on."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.errors import bad_value
from predictors.data.series.times import checked_times

FEWEST = 8


class Series:
    """Holds values in equal steps of time; the earliest train, later ones select checkpoints, the last ones test.

    Args:
        values: (T,), or (T, C) for C series at the same times; finite numbers.
        times: (T,) numbers or dates in equal steps; None to count them.
        covariates: (T,) or (T, K) numbers that are known in advance, such as holidays; `predict` then needs those of
            the steps ahead.
        period: Points a season, such as 12 for months; None for none.
        name: What the series is called.
        columns: Names of the C series, and of the K covariates behind them where there are any.
        test_fraction: Share of the points, the last ones, that are only ever reported on.
        selection_fraction: Share of the points, those before, by which checkpoints are selected.
        notes: What was filled in or left out when it was read, in words.

    Attributes:
        values: float64 (T, C).
        covariates: float64 (T, K); K may be 0.
        train_end, selection_end: Points before which the training and the selection part end.

    Raises:
        UsageError: On rows with NaN, unequal lengths, times that do not rise in equal steps, or a series that is
            constant over the training part.
    """

    def __init__(
        self,
        values: Any,
        *,
        times: Any = None,
        covariates: Any = None,
        period: int | None = None,
        name: str = "series",
        columns: Sequence[str] | None = None,
        test_fraction: float = 0.2,
        selection_fraction: float = 0.1,
        notes: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.values = _numbers(name, "values", values)
        length = len(self.values)
        if length < FEWEST:
            raise bad_value(name, "values", f"{length} points", f"at least {FEWEST}")
        self.covariates = np.empty((length, 0)) if covariates is None else _numbers(name, "covariates", covariates)
        if len(self.covariates) != length:
            raise bad_value(name, "covariates", f"{len(self.covariates)} rows", f"{length}, one for each row of values")
        self.times = checked_times(name, times, length)
        if period is not None and (isinstance(period, bool) or not 2 <= period < length):
            fix = "leave it out where there is no season."
            raise bad_value(name, "period", period, f"a whole number from 2 to {length - 1}, below the points", fix)
        self.period = None if period is None else int(period)
        self.columns = self._named(columns)
        for part, value in (("test_fraction", test_fraction), ("selection_fraction", selection_fraction)):
            if not 0.0 < value < 1.0:
                raise bad_value(name, part, value, "a number between 0 and 1")
        tested, selected = (max(1, round(length * fraction)) for fraction in (test_fraction, selection_fraction))
        self.selection_end = length - tested
        self.train_end = self.selection_end - selected
        if self.train_end < 2:
            received = f"{test_fraction} and {selection_fraction}"
            raise bad_value(name, "test_fraction and selection_fraction", received, "something left to train on")
        self.notes = tuple(notes)
        constant = np.flatnonzero(np.ptp(self.train_values, axis=0) == 0.0)
        if len(constant):
            received = f"{self.columns[constant[0]]!r}, which is {self.train_values[0, constant[0]]:g} at every point"
            raise bad_value(name, "values", received, "a series that varies in its training part", "leave it out.")

    def __len__(self) -> int:
        return len(self.values)

    @property
    def train_values(self) -> NDArray[np.float64]:
        """The values of the training part, float64 (train_end, C)."""
        return self.values[: self.train_end]

    @property
    def season(self) -> int:
        """Points a season; 1 for none."""
        return self.period or 1

    def logarithm(self) -> Series:
        """Return the series of the values' natural logarithms.

        Raises:
            UsageError: When a value is not above 0.
        """
        low = np.flatnonzero((self.values <= 0.0).any(axis=1))
        if len(low):
            received = f"{self.values[low[0]].min():g} in row {low[0]}"
            raise bad_value(self.name, "values for log=True", received, "values > 0", "log=False.")
        return self._with(np.log(self.values))

    def _with(self, values: NDArray[np.float64]) -> Series:
        made = copy.copy(self)
        made.values = values
        return made

    def _named(self, columns: Sequence[str] | None) -> tuple[str, ...]:
        targets, known = self.values.shape[1], self.covariates.shape[1]
        if columns is None:
            own = ("value",) if targets == 1 else tuple(f"value_{i}" for i in range(targets))
            return (*own, *(f"covariate_{i}" for i in range(known)))
        names = tuple(map(str, columns))
        if len(names) == targets:
            names = (*names, *(f"covariate_{i}" for i in range(known)))
        if len(names) != targets + known or len({*names}) < len(names):
            raise bad_value(self.name, "columns", names, f"{targets} or {targets + known} names, none twice")
        return names


def _numbers(owner: str, name: str, values: Any) -> NDArray[np.float64]:
    array = np.asarray(values)
    if array.ndim == 1:
        array = array[:, None]
    if array.dtype.kind not in "buif" or array.ndim != 2 or array.size == 0:
        raise bad_value(owner, name, f"{array.dtype} {array.shape}", "numbers (T,) or (T, C)")
    array = array.astype(np.float64)
    bad = np.flatnonzero(~np.isfinite(array).all(axis=1))
    if len(bad):
        received = f"NaN or infinity in {len(bad)} of {len(array)} rows, row {bad[0]} first"
        fix = "fill them in or leave the series out: nothing here does that silently."
        raise bad_value(owner, name, received, "finite numbers", fix)
    return array
