"""Figures of a study: the history, the importance of settings, parallel coordinates and slices."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lab.media.plotting import COLOUR, GRAY
from lab.sweep.journal import Trial
from lab.sweep.spaces import Choice, Range, Space

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PALE = "#9fb8d6"
BEST = "#c7500c"
COLUMNS = 3
LONGEST = 28
# What a figure has room for.
MOST_SETTINGS = 12
MOST_LABELS = 12


def history_chart(trials: Sequence[Trial], metric: str, higher: bool) -> Figure:
    """Draw each trial's score by its number, and the best so far."""
    figure, axes = _panel(6.4, 3.0)
    for state, colour, mark in (("complete", COLOUR, "o"), ("pruned", PALE, "x")):
        found = [t for t in trials if t.state == state and t.value is not None]
        if found:
            axes.plot([t.number for t in found], _values(found), mark, color=colour, ms=5, label=state)
    complete = scored(trials)
    if complete:
        best = (np.maximum if higher else np.minimum).accumulate(_values(complete))
        axes.step([t.number for t in complete], best, where="post", color=BEST, linewidth=1.4, label="best so far")
    failed = [t.number for t in trials if t.state == "failed"]
    if failed:
        bottom = axes.get_ylim()[0]
        axes.plot(failed, [bottom] * len(failed), "v", color=GRAY, ms=5, label="failed", clip_on=False)
    _dress(axes, "Score by trial", "trial", metric)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=8, frameon=False)
    return figure


def importance_chart(shares: Mapping[str, float]) -> Figure:
    """Draw how much each setting matters."""
    names = sorted(shares, key=lambda name: shares[name])[-MOST_SETTINGS:]
    figure, axes = _panel(6.4, 0.7 + 0.32 * max(3, len(names)))
    axes.barh([_short(name) for name in names], [shares[name] for name in names], color=COLOUR, height=0.62)
    for i, name in enumerate(names):
        axes.text(shares[name], i, f" {shares[name]:.2f}", va="center", fontsize=8, color=GRAY)
    _dress(axes, "Importance of settings (PED-ANOVA)", "share", "")
    axes.grid(axis="y", visible=False)
    axes.margins(x=0.12)
    return figure


def slices_chart(trials: Sequence[Trial], spaces: Mapping[str, Space], metric: str) -> Figure:
    """Draw the score over each setting, a point a trial; the later, the darker."""
    from matplotlib.figure import Figure

    shown = dict(list(spaces.items())[:MOST_SETTINGS])
    columns = min(COLUMNS, len(shown))
    rows = -(-len(shown) // columns)
    figure = Figure(figsize=(3.1 * columns + 0.4, 2.5 * rows + 0.2), layout="constrained", facecolor="white")
    found = [t for t in trials if t.value is not None and t.state in ("complete", "pruned")]
    for i, (name, space) in enumerate(shown.items()):
        axes = figure.add_subplot(rows, columns, i + 1)
        places = [place(space, t.settings[name]) for t in found]
        for state, mark in (("pruned", "x"), ("complete", "o")):
            of_state = [j for j, t in enumerate(found) if t.state == state]
            axes.scatter(
                [places[j] for j in of_state], [_values(found)[j] for j in of_state], s=20, marker=mark,
                c=[found[j].number for j in of_state], cmap="Blues", vmin=-len(trials), vmax=len(trials),
            )  # fmt: skip
        _ticks(axes, space)
        _dress(axes, _short(name), "", metric if i % columns == 0 else "")
    return figure


def parallel_chart(
    trials: Sequence[Trial], spaces: Mapping[str, Space], metric: str, higher: bool, best: Trial | None
) -> Figure:
    """Draw a line a complete trial across its settings to its score; the better, the darker, and the best in red."""
    from matplotlib import colormaps

    shown = dict(list(spaces.items())[:MOST_SETTINGS])
    figure, axes = _panel(max(5.0, 1.5 * (len(shown) + 1)), 3.4)
    found = scored(trials)
    values = np.array(_values(found))
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    width = (high - low) or 1.0
    order = np.argsort(values if higher else -values, kind="stable")
    for rank, j in enumerate(order):
        trial = found[j]
        line = [_share(space, trial.settings[name]) for name, space in shown.items()]
        is_best = best is not None and trial.number == best.number
        shade = colormaps["Blues"](0.25 + 0.7 * (rank + 1) / len(found))
        axes.plot(
            range(len(shown) + 1), [*line, (values[j] - low) / width], color=BEST if is_best else shade,
            linewidth=2.2 if is_best else 1.1, zorder=3 if is_best else 2,
        )  # fmt: skip
    for i, space in enumerate([*shown.values(), None]):
        axes.axvline(i, color="#b8bdc5", linewidth=0.8, zorder=1)
        for share, text in _ends(space) if space is not None else [(0.0, f"{low:.4g}"), (1.0, f"{high:.4g}")]:
            box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.6}
            axes.annotate(
                text, (i, share), (4, 0), textcoords="offset points", fontsize=7.5, color=GRAY, va="center", bbox=box,
                zorder=4,
            )  # fmt: skip
    axes.set_xticks(range(len(shown) + 1), [*map(_short, shown), _short(metric)], fontsize=8.5)
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    axes.margins(x=0.09, y=0.06)
    axes.set_title("Settings and score of the complete trials", fontsize=9.5, loc="left")
    return figure


def scored(trials: Sequence[Trial]) -> list[Trial]:
    """Return the complete trials that have a score."""
    return [t for t in trials if t.state == "complete" and t.value is not None and math.isfinite(t.value)]


def _values(trials: Sequence[Trial]) -> list[float]:
    return [math.nan if trial.value is None else trial.value for trial in trials]


def place(space: Space, value: Any) -> float:
    """Return where a value stands on its axis: by its logarithm with `log`, of choices by its number."""
    if isinstance(space, Choice):
        return float(space.values.index(value))
    return math.log10(value) if space.log else float(value)


def _span(space: Space) -> tuple[float, float]:
    if isinstance(space, Range):
        return place(space, space.low), place(space, space.high)
    return 0.0, float(len(space.values) - 1)


def _share(space: Space, value: Any) -> float:
    low, high = _span(space)
    return (place(space, value) - low) / (high - low)


def _ends(space: Space) -> list[tuple[float, str]]:
    if isinstance(space, Range):
        return [(0.0, f"{space.low:.4g}"), (1.0, f"{space.high:.4g}")]
    if len(space.values) > MOST_LABELS:
        return []
    return [(_share(space, value), _short(text, 14)) for value, text in zip(space.values, space.labels, strict=True)]


def _ticks(axes: Axes, space: Space) -> None:
    low, high = _span(space)
    if isinstance(space, Choice):
        few = range(len(space.values)) if len(space.values) <= MOST_LABELS else ()
        axes.set_xticks(list(few), [_short(space.labels[i], 14) for i in few], rotation=20 if len(few) > 4 else 0)
        axes.set_xlim(-0.5, len(space.values) - 0.5)
    elif space.log:
        whole = list(range(math.ceil(low), math.floor(high) + 1))
        marks = whole if len(whole) >= 2 else [low, high]
        axes.set_xticks(marks, [f"{10**mark:.3g}" for mark in marks])
        axes.set_xlim(low - 0.04 * (high - low), high + 0.04 * (high - low))
    else:
        axes.locator_params(axis="x", nbins=4)


def _panel(width: float, height: float) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    return figure, figure.add_subplot()


def _dress(axes: Axes, title: str, below: str, beside: str) -> None:
    axes.set_title(title, fontsize=9.5, loc="left")
    axes.set_xlabel(below, fontsize=8.5, color=GRAY)
    axes.set_ylabel(_short(beside), fontsize=8.5, color=GRAY)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#b8bdc5")
    axes.grid(color="#e6e8ec", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=8, colors=GRAY, length=0)


def _short(text: str, most: int = LONGEST) -> str:
    # A dollar sign would start a formula.
    return (text if len(text) <= most else f"{text[: most - 1]}…").replace("$", r"\$")
