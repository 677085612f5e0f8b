"""Figure of forecasts with their quantile bands over what came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lab.errors import bad_value
from lab.media.plotting import COLOUR
from predictors.figures.panels import FAINT, dress, legend, new_figure
from predictors.metrics.checks import check_numbers
from predictors.metrics.intervals import check_levels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Horizons of history shown before the first origin.
BEFORE = 4


def forecast_figure(
    series: ArrayLike,
    origins: ArrayLike,
    forecasts: ArrayLike,
    quantiles: ArrayLike | None = None,
    levels: ArrayLike = (),
    times: NDArray[Any] | None = None,
    title: str = "",
) -> Figure:
    """Draw forecasts from several origins over the series, with bands between quantiles.

    Of origins whose forecasts overlap only some are drawn, the last one among them, and the title says how many.

    Args:
        series: (T,), with what came after the origins as far as it is known.
        origins: First points that were forecast, whole numbers (O,).
        forecasts: (O, H).
        quantiles: (O, H, Q), or None for no bands.
        levels: Of the quantiles, rising, (Q,); the outermost make the widest band, and so on inwards.
        times: Of the points, numbers or datetime64 (T,); None for their numbers.
        title: Name of the series.
    """
    owner = "forecast_figure"
    array, points = check_numbers(owner, "series", series), check_numbers(owner, "forecasts", forecasts)
    starts = np.asarray(origins)
    if array.ndim != 1 or points.ndim != 2 or starts.shape != (len(points),) or starts.dtype.kind not in "ui":
        received = (array.shape, starts.shape, points.shape)
        raise bad_value(owner, "series, origins and forecasts of shapes", received, "(T,), whole numbers (O,), (O, H)")
    if starts.min() < 1 or starts.max() > len(array):
        raise bad_value(owner, "origins", f"{starts.min()} to {starts.max()}", f"from 1 to {len(array)}")
    horizon = points.shape[1]
    bands = None if quantiles is None else check_numbers(owner, "quantiles", quantiles)
    at = np.empty(0) if bands is None else check_levels(owner, levels)
    if bands is not None and bands.shape != (*points.shape, len(at)):
        raise bad_value(owner, "quantiles of shape", bands.shape, str((*points.shape, len(at))))
    if times is not None and np.shape(times) != array.shape:
        raise bad_value(owner, "times of shape", np.shape(times), f"{array.shape}, as the series")
    clock = _extended(np.arange(len(array)) if times is None else np.asarray(times), horizon)
    chosen = _apart(starts, horizon)
    figure = new_figure(9.0, 3.6)
    axes = figure.add_subplot()
    first = max(0, int(starts[chosen].min()) - BEFORE * horizon)
    axes.plot(clock[first : len(array)], array[first:], color="#22303f", linewidth=1.2, label="series", zorder=3)
    for place, index in enumerate(chosen):
        start = int(starts[index])
        ahead = clock[start : start + horizon]
        axes.axvline(clock[start - 1], color=FAINT, linewidth=0.8, linestyle=":", label="" if place else "origin")
        if bands is not None:
            _fan(axes, ahead, bands[index], at, labelled=place == 0)
        line: dict[str, Any] = {"color": COLOUR, "linewidth": 1.5, "marker": "o" if horizon == 1 else ""}
        axes.plot(ahead, points[index], label="" if place else "forecast", **line)
    shown = "" if len(chosen) == len(starts) else f"{len(chosen)} of {len(starts)} origins"
    dress(axes, ": ".join(text for text in (title.replace("$", r"\$"), shown) if text), "", "")
    axes.margins(x=0.01)
    legend(axes, bbox_to_anchor=(0.5, -0.09), ncols=6)
    return figure


def _fan(axes: Any, ahead: NDArray[Any], bands: NDArray[np.float64], at: NDArray[np.float64], labelled: bool) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    pairs = len(at) // 2
    # Shades and not transparency: where bands lie on each other the legend would show another one.
    pale = LinearSegmentedColormap.from_list("bands", ["white", COLOUR])
    shades = [pale(0.18 + 0.3 * i / max(1, pairs - 1)) for i in range(pairs)]
    for i in range(pairs):
        name = f"{100 * at[i]:.3g} to {100 * at[-1 - i]:.3g} %" if labelled else ""
        low, high = bands[:, i], bands[:, -1 - i]
        if len(ahead) == 1:
            axes.vlines(ahead, low, high, color=shades[i], linewidth=5, label=name)
        else:
            axes.fill_between(ahead, low, high, color=shades[i], linewidth=0, label=name)


def _apart(starts: NDArray[Any], horizon: int) -> list[int]:
    """Return the forecasts to draw, from the last back, so that none covers another; in order of time."""
    chosen: list[int] = []
    for index in np.argsort(-starts, kind="stable"):
        if not chosen or starts[index] + horizon <= starts[chosen[-1]]:
            chosen.append(int(index))
    return chosen[::-1]


def _extended(times: NDArray[Any], horizon: int) -> NDArray[Any]:
    """Return times that go on for a horizon, in steps like the last one."""
    step = times[-1] - times[-2] if len(times) > 1 else 1
    return np.concatenate([times, times[-1] + step * np.arange(1, horizon + 1)])
