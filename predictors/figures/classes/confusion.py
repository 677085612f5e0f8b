"""Figure of which classes are taken for which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from lab.media.plotting import GRAY
from predictors.figures.panels import class_names, new_figure
from predictors.metrics.classification import class_scores

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Inches of a cell: of few classes, and of so many that a page is full.
LARGEST, SMALLEST = 0.5, 0.165
PAGE = 10.0
POINTS_AN_INCH = 72.0


def confusion_figure(matrix: ArrayLike, names: Sequence[object] | None = None, title: str = "") -> Figure:
    """Draw a confusion matrix: counts, shaded by the fraction of each true class.

    The shade grows with the root of the fraction, so that rare errors are seen beside a full diagonal. Counts of 0 are
    left blank; lines of classes without rows are grey.

    Args:
        matrix: As `confusion_matrix` returns it, whole numbers (K, K), true classes down.
        names: Of the K classes; None for their codes.
        title: Empty for how many rows are right.
    """
    counts = np.asarray(matrix)
    support = class_scores(counts).support
    classes = len(counts)
    shown = class_names("confusion_figure", names, classes)
    cell = float(np.clip(PAGE / classes, SMALLEST, LARGEST))
    longest = max(map(len, shown))
    letter = float(np.clip(0.5 * cell * POINTS_AN_INCH, 5.0, 9.0))
    margin = 0.7 + 0.62 * letter * longest / POINTS_AN_INCH
    side = max(cell * classes, 1.6)
    figure = new_figure(side + margin + 0.3, side + margin + 0.5)
    axes = figure.add_subplot()
    fractions = np.divide(counts, support[:, None], out=np.zeros(counts.shape), where=support[:, None] > 0)
    axes.imshow(np.sqrt(fractions), cmap="Blues", vmin=0.0, vmax=1.15, aspect="equal")
    for code in np.flatnonzero(support == 0):
        axes.axhspan(code - 0.5, code + 0.5, color="#eceef1", linewidth=0)
    size = min(9.0, 0.9 * cell * POINTS_AN_INCH / (0.62 * len(str(counts.max()))), 0.62 * cell * POINTS_AN_INCH)
    for true, predicted in np.argwhere(counts):
        colour = "white" if fractions[true, predicted] > 0.35 else "#22303f"
        text = str(counts[true, predicted])
        axes.text(predicted, true, text, ha="center", va="center_baseline", fontsize=size, color=colour)
    upright = longest * 0.62 * letter > 0.9 * cell * POINTS_AN_INCH
    axes.set_xticks(range(classes), shown, fontsize=letter, rotation=90 if upright else 0)
    axes.set_yticks(range(classes), shown, fontsize=letter)
    axes.set_xticks(np.arange(classes - 1) + 0.5, minor=True)
    axes.set_yticks(np.arange(classes - 1) + 0.5, minor=True)
    axes.grid(which="minor", color="#e6e8ec", linewidth=0.5)
    axes.tick_params(which="both", length=0, colors=GRAY)
    axes.spines[:].set_color("#b8bdc5")
    axes.set_xlabel("predicted", fontsize=9, color=GRAY)
    axes.set_ylabel("true", fontsize=9, color=GRAY)
    total = int(counts.sum())
    right = f"{np.trace(counts)} of {total} right" if total else "no rows"
    figure.suptitle(title or right, fontsize=9.5)
    return figure
