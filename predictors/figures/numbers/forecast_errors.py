"""Figure of a forecaster's errors and coverage by how far ahead it looks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from lab.errors import bad_value
from lab.media.plotting import COLOUR
from predictors.figures.panels import FAINT, dress, legend, new_figure
from predictors.metrics.checks import check_numbers

if TYPE_CHECKING:
    from matplotlib.figure import Figure

GRAYS = ("#8a94a3", "#b08d57", "#7a9e87")


def horizon_figure(
    true: ArrayLike, forecasts: Mapping[str, ArrayLike], bounds: tuple[ArrayLike, ArrayLike] | None = None,
    nominal: float = 0.8, title: str = "",
) -> Figure:  # fmt: skip
    """Draw the mean absolute error at each step ahead, and beside it how much an interval covers there.

    Args:
        true: What came, (O, H).
        forecasts: By name, (O, H) each, the learner's first.
        bounds: Low and high ends of the learner's intervals, (O, H) each; None for no second panel.
        nominal: The fraction that they should cover.
        title: Name of the series.
    """
    owner = "horizon_figure"
    array = check_numbers(owner, "true", true)
    if array.ndim != 2 or not forecasts:
        raise bad_value(owner, "true of shape", array.shape, "(O, H), and at least one forecast")
    ahead = np.arange(1, array.shape[1] + 1)
    figure = new_figure(9.0 if bounds is not None else 4.8, 3.3)
    panels = figure.subplots(1, 2 if bounds is not None else 1, squeeze=False)[0]
    for i, (name, values) in enumerate(forecasts.items()):
        points = check_numbers(owner, name, values)
        if points.shape != array.shape:
            raise bad_value(owner, f"forecasts {name!r} of shape", points.shape, str(array.shape))
        colour = COLOUR if i == 0 else GRAYS[(i - 1) % len(GRAYS)]
        panels[0].plot(ahead, np.abs(points - array).mean(axis=0), color=colour, linewidth=1.6, label=name, marker=".")
    panels[0].set_ylim(bottom=0.0)
    dress(panels[0], f"{title}: mean absolute error".removeprefix(": "), "steps ahead")
    legend(panels[0], ncols=3)
    if bounds is not None:
        low, high = (check_numbers(owner, "bounds", values) for values in bounds)
        covered = ((low <= array) & (array <= high)).mean(axis=0)
        panels[1].axhline(nominal, color=FAINT, linestyle="--", linewidth=1.2, label=f"nominal, {100 * nominal:.3g} %")
        panels[1].plot(ahead, covered, color=COLOUR, linewidth=1.6, marker=".", label="covered")
        panels[1].set_ylim(0.0, 1.02)
        dress(panels[1], f"coverage over {len(array)} origins", "steps ahead")
        legend(panels[1])
    return figure
