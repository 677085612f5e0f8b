"""Figures of what agents expect and would do."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lab.media.plotting import GRAY, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Landscape(NamedTuple):
    """What an agent expects and would do over two dimensions of the observation, the others at their medians.

    Attributes:
        rows: Observations that were met, (N, D).
        dimensions: Which two.
        across, up: Values of the first and of the second, (P,) each.
        panels: By what they are, the value and parts of the policy at each pair of them, float (P, P), `up` first.
        episodes: How many the observations are from.
    """

    rows: np.ndarray
    dimensions: tuple[int, int]
    across: np.ndarray
    up: np.ndarray
    panels: dict[str, np.ndarray]
    episodes: int


def landscape_figure(found: Landscape) -> Figure:
    """Draw value and policy over two dimensions of the observation, with the observations that were met as dots."""
    from matplotlib.figure import Figure

    (first, second), rows = found.dimensions, found.rows
    figure = Figure(figsize=(3.5 * len(found.panels) + 0.4, 3.2), layout="constrained", facecolor="white")
    for place, (title, values) in enumerate(found.panels.items(), 1):
        axes = figure.add_subplot(1, len(found.panels), place)
        colours = "viridis" if title == "value" else "coolwarm"
        image = axes.pcolormesh(found.across, found.up, values, cmap=colours, shading="nearest")
        axes.plot(rows[:, first], rows[:, second], ".", color="black", markersize=1.5, alpha=0.25)
        axes.set(xlim=found.across[[0, -1]], ylim=found.up[[0, -1]])
        style(axes, title)
        axes.grid(False)
        axes.set_xlabel(f"observation[{first}]", fontsize=9, color=GRAY)
        axes.set_ylabel(f"observation[{second}]", fontsize=9, color=GRAY)
        figure.colorbar(image, ax=axes).ax.tick_params(labelsize=8, colors=GRAY, length=0)
    others = "" if rows.shape[1] == 2 else "; other dimensions at their medians"
    figure.suptitle(f"dots: {len(rows):,} observations of {found.episodes} episodes{others}", fontsize=9, color=GRAY)
    return figure
