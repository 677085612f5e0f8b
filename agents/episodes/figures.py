"""Figures of recorded episodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lab.media.plotting import COLOUR, GRAY, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_BINS = 40


def plot(returns: np.ndarray, lengths: np.ndarray) -> Figure:
    """Draw histograms of returns, float (E,), and lengths, int (E,); a line marks the mean return."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(7.4, 2.7), layout="constrained", facecolor="white")
    for place, (name, values) in enumerate((("return", returns), ("length", lengths)), 1):
        axes = figure.add_subplot(1, 2, place)
        axes.hist(values, bins=_edges(np.asarray(values, np.float64)).tolist(), color=COLOUR, rwidth=0.92)
        axes.set_axisbelow(True)
        if name == "return":
            axes.axvline(float(values.mean()), color=GRAY, linewidth=1.2, linestyle="--")
            axes.set_ylabel("episodes", fontsize=9, color=GRAY)
        axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
        style(axes, f"{name}: mean {values.mean():.4g}, from {values.min():.4g} to {values.max():.4g}")
    figure.suptitle(f"{len(returns):,} episodes, {int(lengths.sum()):,} steps", fontsize=9, color=GRAY)
    return figure


def _edges(values: np.ndarray) -> np.ndarray:
    bins = int(np.clip(2 * np.sqrt(len(values)), 5, MOST_BINS))
    # Few different values, such as success or none, get a bar each.
    different = np.unique(values)
    if len(different) == 1:
        return different[0] + np.array([-0.5, 0.5])
    if len(different) <= bins and np.allclose(np.diff(different), different[1] - different[0]):
        half = (different[1] - different[0]) / 2
        return np.append(different - half, different[-1] + half)
    return np.linspace(different[0], different[-1], bins + 1)
