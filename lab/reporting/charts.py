"""The report's charts: which lines each has; the page's script draws them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lab.reporting.curves.columns import Columns, Points
from lab.reporting.curves.store import Store, constant, line
from lab.reporting.html.formats import label, number
from lab.reporting.html.markup import Markup
from lab.reporting.records import Row

# Of many dashed lines none can be told from another.
MOST_CONSTANTS = 4


def metric_chart(store: Store, run: int, metrics: Columns, names: Mapping[str, str], title: str, unit: str) -> Markup:
    """Return a chart of metrics of the log rows.

    Args:
        store: Of the page.
        run: The run's number on the page.
        metrics: Its rows.
        names: The label of each line by its metric.
        title: Of the chart.
        unit: What a step is.
    """
    lines = [
        line(words, store.series((run, "log", name), metrics.series(name)), i)
        for i, (name, words) in enumerate(names.items())
    ]
    return store.chart(title, unit, f"{title} over {unit}", lines)


def evaluation_chart(
    store: Store,
    run: int,
    training: Sequence[Row],
    reported: Sequence[Row],
    name: str,
    unit: str,
    references: Mapping[str, float],
) -> Markup:
    """Return a chart of a metric of the evaluations made during training, the reported ones, and lines to compare with.

    Args:
        store: Of the page.
        run: The run's number on the page.
        training: Evaluations during training.
        reported: Evaluations after it.
        name: The metric; `name_low` and `name_high` make a band.
        unit: What a step is.
        references: Constants by name.
    """
    columns, after = Columns(training), Columns(reported).series(name)
    points, low, high = (columns.series(end) for end in (name, f"{name}_low", f"{name}_high"))
    band = len(points.steps) == len(low.steps) == len(high.steps)
    ends = (low.values, high.values) if band else ()
    key = store.series((run, "evaluation", name), points, *ends)
    lines = [line("IQM during training" if name == "iqm" else "during training", key, exact=True)]
    if name == "iqm":
        lines.append(line("mean", store.series((run, "evaluation", "mean"), columns.series("mean")), 4, exact=True))
    if len(after.steps):
        lines.append(line("report", store.series((run, "report", name), after), 1, "dots"))
    title = "return of an episode" if name == "iqm" else label(name)
    lines += constants(references)
    return store.chart(f"evaluation: {title}", unit, f"Evaluated {title} over {unit}", lines)


def overlay_chart(
    store: Store,
    groups: Mapping[str, Sequence[tuple[tuple[object, ...], Points]]],
    title: str,
    unit: str,
    references: Mapping[str, float],
    exact: bool = False,
) -> Markup:
    """Return a chart of one curve a group of runs: thin lines for its runs, a bold one for their IQM, a band from the
    least to the most.

    Args:
        store: Of the page.
        groups: The runs' points by the group's name, each with its key in the store.
        title: Of the chart.
        unit: What a step is.
        references: Constants by name.
        exact: Whether the curves are of evaluations, which are never smoothed.
    """
    from lab.results.statistics import iqm

    lines: list[dict[str, Any]] = []
    for i, (name, runs) in enumerate(groups.items()):
        keys = [store.series(key, points) for key, points in runs]
        if len(runs) <= 1:
            lines += [line(name, key, i, exact=exact) for key in keys]
            continue
        words = f"{name}, {len(runs)} runs"
        lines += [line(words, key, i, "run", exact) for key in keys]
        steps, values = shared([points for _, points in runs])
        if len(steps):
            middle = Points(steps, np.asarray(iqm(values, axis=0), np.float64))
            whole = ("middle", title, *(key for key, _ in runs))
            key = store.series(whole, middle, values.min(axis=0), values.max(axis=0))
            lines.append(line(words, key, i, "middle", exact))
    lines += constants({f"baseline {name}": value for name, value in references.items()})
    return store.chart(title, unit, f"{title} over {unit}, by learner", lines, "chart overlay")


def constants(references: Mapping[str, float]) -> list[dict[str, Any]]:
    """Return dashed lines to compare with."""
    found = [(name, number(value)) for name, value in references.items()]
    return [constant(name, value, i) for i, (name, value) in enumerate(found[:MOST_CONSTANTS]) if value is not None]


def shared(runs: Sequence[Points]) -> tuple[np.ndarray, np.ndarray]:
    """Return the steps that every run has, (S,), and the runs' values there, (runs, S)."""
    # Of rows that name one step twice the last counts.
    last = [np.unique(run.steps[::-1], return_index=True) for run in runs]
    steps = last[0][0]
    for found, _ in last[1:]:
        steps = np.intersect1d(steps, found, assume_unique=True)
    values = [
        run.values[::-1][index[np.searchsorted(found, steps)]] for run, (found, index) in zip(runs, last, strict=True)
    ]
    return steps, np.array(values, np.float64)
