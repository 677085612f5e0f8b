"""Figure of whether probabilities are as often right as they say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from lab.media.plotting import COLOUR, GRAY
from predictors.figures.panels import WORST, dress, legend, new_figure
from predictors.metrics.calibration import BINS, expected_calibration_error, reliability_curve

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def reliability_figure(probabilities: ArrayLike, codes: ArrayLike, bins: int = BINS) -> Figure:
    """Draw accuracy over confidence, the gap to the diagonal, and below it how many rows a bin holds.

    (Guo et al. 2017, figure 1.)

    Args:
        probabilities: (N, K).
        codes: True classes, whole numbers (N,) in [0, K).
        bins: How many of equal width.
    """
    curve = reliability_curve(probabilities, codes, bins)
    error = expected_calibration_error(probabilities, codes, bins)
    figure = new_figure(4.4, 5.2)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    filled = curve.rows > 0
    left, width = curve.edges[:-1][filled], 1.0 / bins
    right, sure = curve.accuracy[filled], curve.confidence[filled]
    bars: dict[str, Any] = {"align": "edge", "edgecolor": "white", "linewidth": 0.6}
    above.bar(left, right, width, color=COLOUR, alpha=0.45, label="accuracy", **bars)
    gap: dict[str, Any] = {"align": "edge", "facecolor": "none", "edgecolor": WORST, "hatch": "////", "linewidth": 0.7}
    above.bar(left, sure - right, width, bottom=right, label="gap to the confidence", **gap)
    above.plot([0, 1], [0, 1], color=GRAY, linewidth=0.9, linestyle="--")
    above.set(xlim=(0, 1), ylim=(0, 1.02))
    dress(above, f"expected calibration error {error:.3g}", "", "accuracy")
    below.bar(left, curve.rows[filled], width, color=GRAY, **bars)
    total = int(curve.rows.sum())
    means = (float(np.average(sure, weights=curve.rows[filled])), float(np.average(right, weights=curve.rows[filled])))
    for value, colour, name in zip(means, (WORST, COLOUR), ("mean confidence", "accuracy of all"), strict=True):
        below.axvline(value, color=colour, linewidth=1.4, label=f"{name} {value:.3f}")
    dress(below, f"{total} rows", "probability of the predicted class", "rows")
    legend(above, bbox_to_anchor=(0.5, -0.03))
    legend(below, bbox_to_anchor=(0.5, -0.5))
    return figure
