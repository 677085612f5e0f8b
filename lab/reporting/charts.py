"""The report's charts, as pictures that need no script."""

from __future__ import annotations

import base64
import io
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lab.media.plotting import COLOUR, GRAY, Series, plot_series
from lab.reporting.html.formats import label, number
from lab.reporting.html.markup import Markup, legible, tag
from lab.reporting.records import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Well apart also for the colour-blind (Okabe and Ito), darkened to stand on white.
PALETTE = (COLOUR, "#c7500c", "#00795c", "#9a4c86", "#8a6d00", "#3b8fbf")
STYLES = ("-", "--", "-.", ":")
# More points than a chart has pixels only make the page heavy.
MOST_POINTS = 1_500
# The scale of an axis overflows long before a float does.
LARGEST = 1e100
# Opaque, since dashed lines to compare with go right across a panel.
LEGEND: dict[str, Any] = {
    "fontsize": 8, "frameon": True, "framealpha": 0.9, "facecolor": "white", "edgecolor": "none",
    "labelcolor": "#3a4048", "handlelength": 1.6,
}  # fmt: skip

# Inches of a chart that compares runs, without its legend.
WIDE, TALL = 5.4, 3.0

Points = Sequence[tuple[int, float]]
ENDS = ("value", "value_low", "value_high")


def metric_chart(rows: Sequence[Row], name: str, unit: str) -> Markup:
    """Draw a metric of the log rows."""
    points = thinned(series(rows, name))
    figure = plot_series({"value": _arrays(points)}, unit)
    return _picture(figure, label(name), unit, f"{label(name)} over {unit}")


def evaluation_chart(
    training: Sequence[Row], reported: Sequence[Row], name: str, unit: str, references: Mapping[str, float]
) -> Markup:
    """Draw a metric of the evaluations made during training, the reported ones, and dashed lines to compare with.

    Args:
        training: Evaluations during training.
        reported: Evaluations after it.
        name: The metric; `name_low` and `name_high` make a band.
        unit: What a step is.
        references: Constants by name.
    """
    ends = (f"{name}_low", f"{name}_high")
    whole = [row for row in training if number(row.get(name)) is not None]
    band = bool(whole) and all(number(row.get(end)) is not None for row in whole for end in ends)
    keys = {"value": name, **({"value_low": ends[0], "value_high": ends[1]} if band else {})}
    rows = thinned([{"step": row["step"], **{new: _on_scale(row[old]) for new, old in keys.items()}} for row in whole])
    line, low, high = (_arrays([(row["step"], row[key]) for row in rows]) if key in keys else None for key in ENDS)
    bands = {"value": (low[0], low[1], high[1])} if low is not None and high is not None else None
    figure = plot_series({"value": line or _arrays([])}, unit, bands)
    axes = figure.axes[0]
    if rows:
        axes.lines[-1].set_label("IQM during training" if name == "iqm" else "in training")
    if name == "iqm":
        axes.plot(*_columns(thinned(series(training, "mean"))), ":", color=COLOUR, linewidth=1.2, label="mean")
    after = series(reported, name)
    if after:
        axes.plot(*_columns(after), "D", color="#c7500c", markersize=5, zorder=4, clip_on=False, label="report")
    for i, (title, value) in enumerate(references.items()):
        axes.axhline(
            _on_scale(value) or 0.0,
            color=GRAY,
            linewidth=1.1,
            linestyle=STYLES[1 + i % 3],
            label=_drawable(title),
            zorder=1,
        )
    _legend(axes)
    title = "return of an episode" if name == "iqm" else label(name)
    return _picture(figure, f"evaluation: {title}", unit, f"Evaluated {title} over {unit}")


def overlay_chart(
    groups: Mapping[str, Sequence[Points]], title: str, unit: str, references: Mapping[str, float]
) -> Markup:
    """Draw one curve a group of runs: thin lines for its runs, a bold one for their IQM, a band from least to most.

    Args:
        groups: The runs' points by the group's name.
        title: Of the chart.
        unit: What a step is.
        references: Constants by name.
    """
    from lab.results.statistics import iqm

    figure = plot_series({"value": _arrays([])}, unit)
    axes = figure.axes[0]
    for i, (name, runs) in enumerate(groups.items()):
        colour, style = PALETTE[i % len(PALETTE)], STYLES[i // len(PALETTE) % len(STYLES)]
        text = _drawable(name)
        if len(runs) == 1:
            axes.plot(*_columns(thinned(runs[0])), color=colour, linestyle=style, linewidth=1.6, label=text)
            continue
        for run in runs:
            axes.plot(*_columns(thinned(run)), color=colour, linewidth=0.6, alpha=0.4)
        steps, values = shared(runs)
        if len(steps):
            middle = iqm(values, axis=0)
            axes.plot(steps, middle, color=colour, linestyle=style, linewidth=1.8, label=f"{text}, {len(runs)} seeds")
            axes.fill_between(steps, values.min(axis=0), values.max(axis=0), color=colour, alpha=0.13, linewidth=0)
    for title_of, value in references.items():
        text = _drawable(f"baseline {title_of}")
        axes.axhline(_on_scale(value) or 0.0, color=GRAY, linewidth=1.1, linestyle="--", label=text, zorder=1)
    # Names of groups are long, and their curves fill the panel: the legend goes below.
    lines = len(axes.get_legend_handles_labels()[0])
    figure.set_size_inches(WIDE, TALL + 0.17 * lines)
    figure.legend(loc="outside lower left", **LEGEND)
    return _picture(figure, title, unit, f"{title} over {unit}, by learner")


def series(rows: Sequence[Row], name: str) -> list[tuple[int, float]]:
    """Return (step, value) of the rows that have a number under `name`."""
    found = [(row["step"], _on_scale(row.get(name))) for row in rows]
    return [(step, value) for step, value in found if value is not None]


def shared(runs: Sequence[Points]) -> tuple[np.ndarray, np.ndarray]:
    """Return the steps that every run has, (S,), and the runs' values there, (runs, S)."""
    by_step = [dict(run) for run in runs]
    steps = sorted(set(by_step[0]).intersection(*by_step[1:]))
    return np.array(steps, np.int64), np.array([[run[step] for step in steps] for run in by_step], np.float64)


def thinned(rows: Sequence[Any]) -> list[Any]:
    """Return at most MOST_POINTS items, evenly spaced, the last among them."""
    if len(rows) <= MOST_POINTS:
        return list(rows)
    return [rows[i] for i in np.linspace(0, len(rows) - 1, MOST_POINTS).astype(int)]


def _on_scale(value: object) -> float | None:
    found = number(value)
    return None if found is None else min(max(found, -LARGEST), LARGEST)


def _arrays(points: Points) -> Series:
    steps, values = _columns(points)
    return np.array(steps, np.int64), np.array(values, np.float64)


def _columns(points: Points) -> tuple[list[int], list[float]]:
    return [step for step, _ in points], [value for _, value in points]


def _drawable(text: str) -> str:
    # A dollar sign would start a formula, and a label that starts with an underscore is left out of legends.
    return legible(text, 40).replace("$", r"\$").lstrip("_") or "unnamed"


def _legend(axes: Axes) -> None:
    if len(axes.get_legend_handles_labels()[0]):
        axes.legend(loc="best", **LEGEND)


def _picture(figure: Figure, title: str, unit: str, words: str) -> Markup:
    import matplotlib

    axes = figure.axes[0]
    heading = _drawable(title)
    axes.set_title(heading[:1].upper() + heading[1:], fontsize=9.5, loc="left", color="#22262c")
    # Of the panel, not of the figure, where a legend below would meet it.
    figure.supxlabel("")
    axes.set_xlabel(_drawable(unit), fontsize=8.5, color=GRAY)
    buffer = io.BytesIO()
    # Equal runs give equal pages: no date, and identifiers that are no random numbers.
    with matplotlib.rc_context({"svg.hashsalt": "lab"}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")
        figure.savefig(buffer, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    address = f"data:image/svg+xml;base64,{base64.b64encode(buffer.getvalue()).decode()}"
    width, height = (round(inches * 96) for inches in figure.get_size_inches())
    picture = tag("img", src=address, alt=words, width=width, height=height)
    return tag("figure", picture, class_="chart")
