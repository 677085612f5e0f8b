"""Figure of ROC and precision-recall curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lab.media.plotting import COLOUR, GRAY
from predictors.figures.panels import class_names, colours, dress, legend, new_figure
from predictors.metrics.checks import check_probabilities
from predictors.metrics.curves import auroc, average_precision, precision_recall_curve, roc_curve
from predictors.metrics.table import UndefinedMetric

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_CLASSES = 10
WORST_CLASSES = 5
GRID = np.linspace(0.0, 1.0, 501)


def curves_figure(probabilities: ArrayLike, codes: ArrayLike, names: Sequence[object] | None = None) -> Figure:
    """Draw ROC and precision-recall curves of one class against the rest.

    Two classes have one curve, that of class 1; up to ten have one each; of more there are the mean over classes and
    the five with the smallest areas. Classes without a row have no curve.

    Args:
        probabilities: (N, K).
        codes: True classes, whole numbers (N,) in [0, K).
        names: Of the K classes; None for their codes.

    Raises:
        UndefinedMetric: When all rows are of one class.
    """
    array, true = check_probabilities("curves_figure", probabilities, codes)
    classes = array.shape[1]
    shown = class_names("curves_figure", names, classes)
    present = np.unique(true)
    if len(present) < 2:
        raise UndefinedMetric(f"curves_figure: all {len(true)} rows are of class {shown[present[0]]}")
    drawn = np.array([1]) if classes == 2 else present
    scores = {code: (array[:, code], true == code) for code in drawn}
    figure = new_figure(9.2, 5.4)
    panels = figure.subplots(1, 2)
    roc = {code: roc_curve(*each)[:2] for code, each in scores.items()}
    recall = {code: precision_recall_curve(*each)[:2] for code, each in scores.items()}
    areas = {code: auroc(*each) for code, each in scores.items()}
    precisions = {code: average_precision(*each) for code, each in scores.items()}
    panels[0].plot([0, 1], [0, 1], color=GRAY, linewidth=0.8, linestyle="--")
    _draw(panels[0], roc, areas, shown, steps=None)
    _draw(panels[1], recall, precisions, shown, steps="steps-pre")
    missing = classes - len(present)
    note = f"   ({missing} classes without a row)" if missing else ""
    dress(panels[0], f"ROC, area under the curve{note}", "false positive rate", "true positive rate")
    dress(panels[1], "precision and recall, average precision", "recall", "precision")
    for panel in panels:
        panel.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.02))
        legend(panel, bbox_to_anchor=(0.5, -0.11))
    return figure


def _draw(
    axes: Any,
    curves: dict[int, tuple[NDArray[np.float64], NDArray[np.float64]]],
    areas: dict[int, float],
    names: list[str],
    steps: str | None,
) -> None:
    style: dict[str, Any] = {"linewidth": 1.3, "drawstyle": steps or "default"}
    if len(curves) <= MOST_CLASSES:
        single = len(curves) == 1
        for code, colour in zip(curves, [COLOUR] if single else colours(len(curves)), strict=True):
            axes.plot(*curves[code], color=colour, label=f"{names[code]}  {areas[code]:.3f}", **style)
        return
    worst = sorted(areas, key=lambda code: areas[code])[:WORST_CLASSES]
    for code, colour in zip(worst, colours(WORST_CLASSES + 1)[1:], strict=True):
        axes.plot(*curves[code], color=colour, label=f"{names[code]}  {areas[code]:.3f}", **style)
    mean = np.mean([_on_grid(*curve, steps) for curve in curves.values()], axis=0)
    area = float(np.mean(list(areas.values())))
    label = f"mean of {len(curves)} classes  {area:.3f}"
    if not steps:
        axes.plot([0, 0], [0, mean[0]], color=COLOUR, linewidth=2.4)
    axes.plot(GRID, mean, color=COLOUR, linewidth=2.4, label=label)


def _on_grid(x: NDArray[np.float64], y: NDArray[np.float64], steps: str | None) -> NDArray[np.float64]:
    """Return a curve's height at the points of the grid: on its lines for ROC, on its steps for precision."""
    if steps:
        return y[np.searchsorted(x, GRID, side="left")]
    # A rise at one point counts with its upper end, as the area does.
    last = np.append(np.flatnonzero(np.diff(x)), len(x) - 1)
    return np.interp(GRID, x[last], y[last])
