"""Store: the curves and charts of a page, as the JSON that its script draws them from."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lab.reporting.curves.columns import Points
from lab.reporting.curves.envelope import envelope
from lab.reporting.html.markup import Markup, legible, tag

# Points of all curves of a page: some 3 MB. A curve gets its part of them, within these bounds.
PAGE_POINTS = 100_000
LEAST_POINTS, MOST_POINTS = 24, 1_000
LONGEST_LABEL = 80


class _Series(NamedTuple):
    points: Points
    low: NDArray[np.float64] | None
    high: NDArray[np.float64] | None


class Store:
    """Gathers what is drawn; what several charts show is kept once."""

    def __init__(self) -> None:
        self.charts: dict[str, dict[str, Any]] = {}
        self._series: dict[str, _Series] = {}
        self._known: dict[tuple[object, ...], str] = {}

    def series(
        self,
        key: tuple[object, ...],
        points: Points,
        low: NDArray[np.float64] | None = None,
        high: NDArray[np.float64] | None = None,
    ) -> str:
        """Keep a curve and return what charts call it.

        Args:
            key: What it is of; the same key is the same curve.
            points: The curve.
            low, high: A band around it.
        """
        if key not in self._known:
            self._known[key] = f"s{len(self._known)}"
            self._series[self._known[key]] = _Series(points, low, high)
        return self._known[key]

    def chart(self, title: str, unit: str, words: str, lines: list[dict[str, Any]], kind: str = "chart") -> Markup:
        """Keep a chart and return where it stands on the page.

        Args:
            title: Above it.
            unit: What a step is.
            words: What it shows, for those who cannot see it.
            lines: As `line` and `constant` make them.
            kind: The figure's class.
        """
        name, heading = f"c{len(self.charts)}", legible(title, LONGEST_LABEL)
        heading = heading[:1].upper() + heading[1:]
        self.charts[name] = {"title": heading, "unit": legible(unit, LONGEST_LABEL), "lines": lines}
        return tag(
            "figure", tag("figcaption", heading), class_=kind, data_chart=name, role="group", aria_label=legible(words)
        )

    def to_json(self) -> dict[str, Any]:
        """Return all charts and curves, these with as many points as a page can carry."""
        part = PAGE_POINTS // max(1, len(self._series))
        most = min(max(part, LEAST_POINTS), MOST_POINTS)
        return {"charts": self.charts, "series": {name: _short(found, most) for name, found in self._series.items()}}


def line(label: str, series: str, colour: int = 0, role: str = "line", exact: bool = False) -> dict[str, Any]:
    """Return a line of a chart.

    Args:
        label: Of the legend; lines of one label are shown and hidden together.
        series: What `Store.series` returned.
        colour: Its number.
        role: `line`, `run` for a thin one of several, `middle` for their middle with its band, `dots` for marks alone.
        exact: Whether it is of evaluations, which are never smoothed.
    """
    found = {"label": legible(label, LONGEST_LABEL), "series": series, "colour": colour, "role": role}
    return {**found, "exact": True} if exact else found


def constant(label: str, value: float, number: int) -> dict[str, Any]:
    """Return a dashed line to compare with, the how manieth of its chart."""
    return {"label": legible(label, LONGEST_LABEL), "value": _rounded(value), "role": "constant", "colour": number}


def _short(found: _Series, most: int) -> dict[str, Any]:
    short = envelope(*found.points, most, found.low, found.high)
    result: dict[str, Any] = {
        "x": [v if isinstance(v, int) else _rounded(v) for v in short.steps.tolist()],
        "y": [_rounded(v) for v in short.mean.tolist()],
    }
    if short.low is not None and short.high is not None:
        result |= {"lo": [_rounded(v) for v in short.low.tolist()], "hi": [_rounded(v) for v in short.high.tolist()]}
    if len(short.steps) < len(found.points.steps):
        result["rows"] = len(found.points.steps)
    return result


def _rounded(value: float) -> float:
    return float(f"{value:.5g}")
