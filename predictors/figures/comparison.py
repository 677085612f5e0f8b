"""Figure of a table: a learner beside baselines."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lab.errors import bad_value
from lab.media.plotting import COLOUR, GRAY
from predictors.figures.panels import BEST, FAINT, new_figure, plain

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LINE = 0.27
LETTER = 0.083
LONGEST = 36


def comparison_figure(
    rows: Mapping[str, Mapping[str, float]],
    higher: Collection[str] = (),
    neutral: Collection[str] = (),
    learner: str | None = None,
    notes: Sequence[str] = (),
) -> Figure:
    """Draw metrics of a learner and of baselines as a table; the best of each column is bold and green.

    Args:
        rows: Metrics by method, in the order to show them; a method may lack some.
        higher: Metrics for which more is better; less is better for all others.
        neutral: Metrics of which none is best, such as the width of intervals.
        learner: The method that stands out, by name.
        notes: Lines below the table, such as why a baseline is missing.
    """
    if not rows:
        raise bad_value("comparison_figure", "rows", "none", "metrics of at least one method")
    if learner is not None and learner not in rows:
        raise bad_value("comparison_figure", "learner", learner, "one of " + ", ".join(rows))
    columns = list(dict.fromkeys(name for metrics in rows.values() for name in metrics))
    names = [plain(name, LONGEST) for name in rows]
    heads = [plain(name, LONGEST) for name in columns]
    widths = [LETTER * max(len(head) + 2, 10) for head in heads]
    first = LETTER * (max(map(len, names)) + 2)
    lines = [part for note in notes for part in _wrapped(plain(note, 400), int((first + sum(widths)) / (0.8 * LETTER)))]
    width, height = first + sum(widths) + 0.3, LINE * (len(rows) + 1) + 0.2 + 0.19 * len(lines)
    figure = new_figure(width, height)
    figure.set_layout_engine("none")
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    ends = [0.15 + first + sum(widths[: i + 1]) for i in range(len(widths))]
    best = {name: _best(rows, name, name in higher) for name in columns if name not in neutral}
    for end, head in zip(ends, heads, strict=True):
        axes.text(end, 0.1 + LINE / 2, head, ha="right", va="center", fontsize=9, color=GRAY)
    axes.plot([0.1, width - 0.1], [0.1 + LINE] * 2, color=FAINT, linewidth=0.9)
    for i, ((method, metrics), name) in enumerate(zip(rows.items(), names, strict=True)):
        y = 0.1 + LINE * (i + 1.5)
        ours = method == learner
        if ours:
            axes.axhspan(y - LINE / 2, y + LINE / 2, color=COLOUR, alpha=0.09, linewidth=0)
        axes.text(0.15, y, name, va="center", fontsize=9, fontweight="bold" if ours else "normal")
        for end, column in zip(ends, columns, strict=True):
            value = metrics.get(column, math.nan)
            top = column in best and math.isfinite(value) and _shown(value) == _shown(best[column]) and len(rows) > 1
            style: dict[str, Any] = {"fontweight": "bold", "color": BEST} if top else {"color": "black"}
            axes.text(end, y, _shown(value), ha="right", va="center", fontsize=9, **style)
    for i, note in enumerate(lines):
        y = 0.1 + LINE * (len(rows) + 1) + 0.19 * (i + 0.7)
        axes.text(0.15, y, note, va="center", fontsize=7.5, color=GRAY)
    return figure


def _best(rows: Mapping[str, Mapping[str, float]], name: str, higher: bool) -> float:
    values = [metrics[name] for metrics in rows.values() if math.isfinite(metrics.get(name, math.nan))]
    return (max if higher else min)(values) if values else math.nan


def _shown(value: float) -> str:
    return f"{value:.4g}" if math.isfinite(value) else "-"


def _wrapped(text: str, most: int) -> list[str]:
    import textwrap

    return textwrap.wrap(text, most)
