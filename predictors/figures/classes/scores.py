"""Figure of each class's F1, precision and recall."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from lab.media.plotting import COLOUR, GRAY
from predictors.figures.panels import WORST, class_names, dress, new_figure
from predictors.metrics.classification import class_scores

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def scores_figure(matrix: ArrayLike, names: Sequence[object] | None = None) -> Figure:
    """Draw a bar of F1 for each class, the worst on top, with its precision and recall and how many rows it has.

    Args:
        matrix: As `confusion_matrix` returns it, whole numbers (K, K).
        names: Of the K classes; None for their codes.
    """
    scores = class_scores(matrix)
    classes = len(scores.f1)
    shown = class_names("scores_figure", names, classes)
    order = np.argsort(np.where(np.isnan(scores.f1), np.inf, scores.f1), kind="stable")
    line = 0.28 if classes <= 20 else 0.17
    letter = 8.5 if classes <= 20 else 6.5
    figure = new_figure(6.4, line * classes + 1.3)
    axes = figure.add_subplot()
    lines = np.arange(classes)
    axes.barh(lines, scores.f1[order], height=0.72, color=COLOUR, alpha=0.35, linewidth=0, label="F1")
    dots: dict[str, Any] = {"s": 2.2 * letter, "linewidths": 0, "zorder": 3, "clip_on": False}
    axes.scatter(scores.precision[order], lines, color=COLOUR, marker="o", label="precision", **dots)
    axes.scatter(scores.recall[order], lines, color=WORST, marker="D", label="recall", **dots)
    for y, code in enumerate(order):
        text = f"{scores.f1[code]:.3f}" if np.isfinite(scores.f1[code]) else "-"
        axes.text(1.03, y, f"{text}   n = {scores.support[code]}", va="center", fontsize=letter, color=GRAY)
    mean = float(np.nanmean(scores.f1)) if np.isfinite(scores.f1).any() else float("nan")
    axes.axvline(mean, color=GRAY, linewidth=0.9, linestyle="--")
    dress(axes, f"F1 of each class, mean {mean:.3f}", "", "")
    axes.set_yticks(lines, [shown[code] for code in order], fontsize=letter)
    axes.set(xlim=(0.0, 1.0), ylim=(classes - 0.4, -0.6))
    axes.grid(axis="y", visible=False)
    # Of the figure, since below the axes its distance would depend on how many classes there are.
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=8, labelcolor=GRAY)
    return figure
