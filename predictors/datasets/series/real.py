"""Real series that statsmodels and vega_datasets ship; nothing is downloaded."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from lab.errors import UsageError
from predictors.data.series.series import Series

HOUR = np.timedelta64(1, "h")


def sunspots() -> Series:
    """Return the yearly mean numbers of sunspots from 1700 to 2008 (statsmodels).

    Their cycle takes about 11 years, now more, now fewer; 11 is the period here.
    """
    table = _statsmodels("sunspots")
    return Series(
        table["SUNACTIVITY"].to_numpy(), times=table["YEAR"].to_numpy().astype(int), period=11, name="sunspots",
        columns=("sunspots",),
    )  # fmt: skip


def co2() -> Series:
    """Return the weekly means of carbon dioxide in the air at Mauna Loa, 1958 to 2001, in ppm (statsmodels).

    A year is taken as 52 weeks. The weeks without a value lie on a line between their neighbours.
    """
    table = _statsmodels("co2")["co2"]
    values = table.to_numpy()
    known = np.isfinite(values)
    filled = np.interp(np.arange(len(values)), np.flatnonzero(known), values[known])
    note = f"{int((~known).sum())} of {len(values)} weeks have no value: they lie on a line between their neighbours"
    return Series(
        filled, times=table.index.to_numpy().astype("datetime64[D]"), period=52, name="co2", columns=("ppm",),
        notes=(note,),
    )  # fmt: skip


def elnino() -> Series:
    """Return the monthly means of the sea's surface temperature off Peru, 1950 to 2010, in degrees Celsius
    (statsmodels)."""
    table = _statsmodels("elnino")
    first = np.datetime64(f"{int(table['YEAR'].iloc[0])}-01", "M")
    return Series(
        table.iloc[:, 1:].to_numpy().ravel(), times=first + np.arange(12 * len(table)), period=12, name="elnino",
        columns=("temperature",),
    )  # fmt: skip


def nile() -> Series:
    """Return the yearly flow of the Nile at Aswan, 1871 to 1970, in 1e8 cubic metres (statsmodels)."""
    table = _statsmodels("nile")
    return Series(
        table["volume"].to_numpy(), times=table["year"].to_numpy().astype(int), name="nile", columns=("flow",),
        selection_fraction=0.2,
    )  # fmt: skip


def seattle_weather() -> Series:
    """Return the highest temperature of each day in Seattle, 2012 to 2015, in degrees Celsius (vega_datasets).

    No period is given: a year would be 365 days, of which the training part has hardly three.
    """
    table = _vega("seattle_weather")
    return Series(
        table["temp_max"].to_numpy(), times=_dates(table["date"], "D"), name="seattle_weather", columns=("temp_max",)
    )


def seattle_temps() -> Series:
    """Return the normal temperature of each hour of a year in Seattle, means of 30 years, in Fahrenheit
    (vega_datasets).

    The hour that summer time leaves out lies on a line between its neighbours.
    """
    table = _vega("seattle_temps")
    hours = _dates(table["date"], "h")
    every = np.arange(hours[0], hours[-1] + HOUR, HOUR)
    filled = np.interp(every.astype(np.int64), hours.astype(np.int64), table["temp"].to_numpy())
    note = f"{len(every) - len(hours)} hour without a value, left out by summer time, lies between its neighbours"
    return Series(filled, times=every, period=24, name="seattle_temps", columns=("temperature",), notes=(note,))


def stocks() -> Series:
    """Return the monthly prices of Amazon, Apple, IBM and Microsoft shares, 2000 to 2010, in dollars (vega_datasets).

    Google's, which begin in 2004, are left out.
    """
    table = _vega("stocks").pivot(index="date", columns="symbol", values="price").drop(columns="GOOG")
    return Series(
        table.to_numpy(), times=_dates(table.index, "M"), name="stocks", columns=tuple(table.columns),
        selection_fraction=0.15, notes=("GOOG, which begins in 2004, is left out",),
    )  # fmt: skip


def _statsmodels(name: str) -> Any:
    return _imported(f"statsmodels.datasets.{name}", name).load_pandas().data


def _vega(name: str) -> Any:
    return getattr(_imported("vega_datasets", name).local_data, name)()


def _imported(module: str, name: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise UsageError(
            f"dataset {name!r} comes with {module.split('.')[0]}, which is not installed; expected the extra. "
            "Fix: pip install 'keras-lab[series]'."
        ) from error


def _dates(column: Any, unit: str) -> np.ndarray:
    found: np.ndarray = np.asarray(column).astype(f"datetime64[{unit}]")
    return found
