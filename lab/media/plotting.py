"""Figures of curves, made without pyplot and its global state."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lab.errors import bad_value
from lab.files.atomic import replacing
from lab.media import hover

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOUR = "#2563a8"
GRAY = "#5f6670"
SUFFIXES = (".png", ".svg", ".pdf")
COLUMNS = 3
DPI = 144
# Above this many points a jagged line is noise to the eye; a running mean then leads it.
SMOOTH_ABOVE = 60


Series = tuple[NDArray[np.int64], NDArray[np.float64]]
Band = tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]


def plot_series(series: Mapping[str, Series], unit: str, bands: Mapping[str, Band] | None = None) -> Figure:
    """Draw one small panel a metric over the training steps.

    Args:
        series: By title: steps, int64 (n,), and values, float64 (n,).
        unit: What a step is.
        bands: By the title of the line that they surround: steps, int64 (m,), and the lower and upper ends, float64
            (m,).

    Returns:
        A `matplotlib.figure.Figure` that no global state knows of.
    """
    from matplotlib.figure import Figure

    columns = max(1, min(COLUMNS, len(series)))
    rows = max(1, -(-len(series) // columns))
    figure = Figure(figsize=(3.5 * columns + 0.4, 2.3 * rows + 0.3), layout="constrained", facecolor="white")
    smoothed = False
    for i, (name, (steps, values)) in enumerate(series.items()):
        axes = figure.add_subplot(rows, columns, i + 1)
        smoothed |= _is_noisy(values)
        _draw(axes, steps, values)
        if bands and name in bands:
            among, low, high = bands[name]
            axes.fill_between(among, low, high, color=COLOUR, alpha=0.18, linewidth=0)
        style(axes, name)
    if series:
        note = "   (bold over pale: mean of the latest 5 % of the points)" if smoothed else ""
        figure.supxlabel(unit + note, fontsize=9, color=GRAY)
    else:
        figure.text(0.5, 0.5, "nothing logged yet", ha="center", va="center", color=GRAY)
    return figure


def write_figure(figure: Figure, path: str | os.PathLike[str]) -> Path:
    """Write a figure as .png, .svg or .pdf, whole or not at all; a .png keeps what `lab.media.hover` was told of it."""
    path = Path(path)
    kind = path.suffix.lower()
    if kind not in SUFFIXES:
        raise bad_value("figure", "path", str(path), "a name that ends in .png, .svg or .pdf")
    more: dict[str, Any] = {}
    if kind == ".png":
        # The layout depends on the resolution, by what letters are rounded to.
        figure.set_dpi(DPI)
        if hover.is_marked(figure):
            figure.draw_without_rendering()
            more = {"metadata": hover.metadata(figure)}
    with replacing(path) as partial:
        figure.savefig(partial, format=kind[1:], dpi=DPI, **more)
    return path


def svg(figure: Figure) -> str:
    """Return a figure as an <svg> element to put into a page."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg")
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def _draw(axes: Axes, steps: NDArray[np.int64], values: NDArray[np.float64]) -> None:
    if _is_noisy(values):
        axes.plot(steps, values, color=COLOUR, linewidth=0.7, alpha=0.3)
        axes.plot(steps, _running_mean(values, len(values) // 20), color=COLOUR, linewidth=1.6)
    else:
        axes.plot(steps, values, color=COLOUR, linewidth=1.6, marker="o" if len(steps) < 16 else "", markersize=3)


def _is_noisy(values: NDArray[np.float64]) -> bool:
    """Tell whether a long line turns often; a schedule does not, and a mean would only make it lag."""
    turns = int(np.count_nonzero(np.diff(np.sign(np.diff(values)))))
    return len(values) > SMOOTH_ABOVE and turns > len(values) / 5


def _running_mean(values: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    """Average over the last `window` values, over fewer at the start; never over later ones."""
    sums = np.cumsum(np.concatenate([[0.0], values]))
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(0, ends - window)
    return (sums[ends] - sums[starts]) / (ends - starts)


def style(axes: Axes, name: str) -> None:
    """Give axes the look of all figures here, and a title."""
    from matplotlib.ticker import EngFormatter, FuncFormatter, MaxNLocator

    axes.set_title(name, fontsize=9.5, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#b8bdc5")
    axes.grid(color="#e6e8ec", linewidth=0.6)
    axes.tick_params(labelsize=8, colors=GRAY, length=0)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True, steps=[1, 2, 2.5, 5, 10]))
    thousands: Any = EngFormatter(sep="")
    # Steps are counted in thousands; but returns may lie between 0 and 1, and thousandths of them are none's unit.
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: thousands(x) if abs(x) >= 1_000 else f"{x:g}"))
    axes.margins(x=0.02)
