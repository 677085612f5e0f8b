"""Figures of a Decision Transformer: what it attends to, and whether it does what it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator

from agents.decision_transformer.network.network import TOKENS
from lab.media.plotting import COLOUR, GRAY, style

if TYPE_CHECKING:
    from agents.decision_transformer.figures.attention import Attention
    from agents.decision_transformer.figures.calibration import Calibration

# A softmax has many shares near 0 that are not alike.
DARKEST = 0.5


def calibration_figure(found: Calibration, low: float, high: float) -> Figure:
    """Draw the return obtained over the return asked for, with 95 % intervals.

    Args:
        found: Returns asked for and obtained.
        low, high: The least and the greatest return in the data.
    """
    figure = Figure(figsize=(4.6, 3.9), layout="constrained", facecolor="white")
    axes = figure.add_subplot()
    means, ends = found.returns.mean(axis=1), found.intervals()
    every = np.array([found.targets.min(), found.targets.max()])
    axes.axvspan(low, high, color="#eef1f5", zorder=0, label="returns in the data")
    axes.plot(every, every, color=GRAY, linewidth=1.0, linestyle="--", label="as asked")
    errors = np.abs(ends.T - means)
    axes.errorbar(
        found.targets, means, errors, color=COLOUR, marker="o", markersize=4, linewidth=1.4, capsize=2, label="obtained"
    )
    style(axes, f"rank correlation {found.rank_correlation():.2f}, {found.returns.shape[1]} episodes a target")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6))
    axes.set_xlabel("return asked for", fontsize=9, color=GRAY)
    axes.set_ylabel("return obtained (mean, 95 %)", fontsize=9, color=GRAY)
    axes.legend(fontsize=8, facecolor="white", edgecolor="#b8bdc5")
    return figure


def attention_figure(found: Attention) -> Figure:
    """Draw, for each block, how much the tokens of the last steps of an episode look at each other."""
    shares, first, heads = found
    figure = Figure(figsize=(3.4 * len(shares) + 0.7, 3.6), layout="constrained", facecolor="white")
    count = shares.shape[1] // TOKENS
    for i, block in enumerate(shares):
        axes = figure.add_subplot(1, len(shares), i + 1)
        image = axes.imshow(block, cmap="Blues", vmin=0, vmax=DARKEST, interpolation="nearest")
        axes.set_title(f"block {i + 1}", fontsize=9.5, loc="left")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(MultipleLocator(TOKENS * max(1, count // 6), offset=1))
            axis.set_major_formatter(FuncFormatter(lambda place, _: f"{first + int(place) // TOKENS}"))
        for edge in range(1, count):
            for line in (axes.axhline, axes.axvline):
                line(TOKENS * edge - 0.5, color="#d5dae1", linewidth=0.4)
        axes.tick_params(labelsize=8, colors=GRAY, length=0)
        axes.spines[:].set_color("#b8bdc5")
        axes.set_xlabel("looked at: step (return, observation, action)", fontsize=8, color=GRAY)
        if i == 0:
            axes.set_ylabel("looks: step", fontsize=8, color=GRAY)
    bar = figure.colorbar(image, ax=figure.axes, shrink=0.8, extend="max")
    bar.set_label("share" + (", mean of heads" if heads > 1 else ""), fontsize=8, color=GRAY)
    bar.ax.tick_params(labelsize=8, colors=GRAY, length=0)
    return figure
