"""Figure of how well scores of strangeness find the rows that are wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from lab.media.plotting import GRAY
from predictors.figures.panels import dress, legend, new_figure, plain
from predictors.metrics.anomalies import anomaly_metrics
from predictors.metrics.curves import roc_curve

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def anomalies_figure(scores: Mapping[str, ArrayLike], anomalous: ArrayLike, what: str = "anomalous") -> Figure:
    """Draw the ROC curve of each score, with its area and the normal rows flagged where 95 % of the others are.

    Args:
        scores: By name, (N,); higher is stranger.
        anomalous: Which rows are, bool (N,); where all or none is, the figure says so instead.
        what: What to call those rows.
    """
    truth = np.asarray(anomalous, bool)
    found = int(truth.sum())
    figure = new_figure(5.6, 5.6)
    if found in (0, len(truth)):
        text = f"{'all' if found else 'none'} of {len(truth)} rows {what}: nothing to tell apart"
        figure.text(0.5, 0.5, text, ha="center", va="center", color=GRAY, fontsize=9)
        return figure
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color=GRAY, linewidth=0.8, linestyle="--")
    for name, values in scores.items():
        table, curve = anomaly_metrics(values, truth), roc_curve(values, truth)
        label = f"{plain(name, 40)}: area {table['auroc']:.3f}, false alarms at 95 % {table['fpr_at_95']:.3f}"
        axes.plot(curve.false_positive_rate, curve.true_positive_rate, linewidth=1.6, label=label)
    dress(axes, f"which rows are {what}: {found} of {len(truth)}", "false positive rate", "true positive rate")
    legend(axes, ncols=1)
    return figure
