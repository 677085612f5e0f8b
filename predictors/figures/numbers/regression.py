"""Figure of predicted numbers over true ones, and of what is left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lab.errors import bad_value
from lab.media.hover import mark
from lab.media.plotting import COLOUR, GRAY
from predictors.figures.panels import MOST_VECTORS, dress, new_figure, plain
from predictors.metrics.checks import check_pair
from predictors.metrics.regression import mean_absolute_error

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_TARGETS = 4
# Points of the first panel that say what they are, evenly chosen.
MOST_MARKED = 1_000


def regression_figure(predicted: ArrayLike, true: ArrayLike, names: Sequence[object] | None = None) -> Figure:
    """Draw predicted over true values, the residuals over the predicted ones, and how the residuals are spread.

    In a report the points of the first panel say which row they are.

    Args:
        predicted, true: (N,) or (N, T); the first four targets have a line of panels each.
        names: Of the T targets; None for `target`, or `target 0` and so on.
    """
    a, b = check_pair("regression_figure", predicted, true)
    if a.ndim > 2:
        raise bad_value("regression_figure", "predicted of shape", a.shape, "(N,) or (N, T)")
    a, b = a.reshape(len(a), -1), b.reshape(len(b), -1)
    targets = a.shape[1]
    if names is not None and len(names) != targets:
        raise bad_value("regression_figure", "names", f"{len(names)} names", f"one for each of {targets} targets")
    usual = ["target"] if targets == 1 else [f"target {i}" for i in range(targets)]
    shown = usual if names is None else [plain(name, 40) for name in names]
    rows = min(targets, MOST_TARGETS)
    figure = new_figure(10.0, 3.3 * rows)
    for panels, guess, truth, name in zip(figure.subplots(rows, 3, squeeze=False), a.T, b.T, shown, strict=False):
        _target(panels, guess, truth, name, marked=name is shown[0])
    if rows < targets:
        figure.supxlabel(f"the first {rows} of {targets} targets", fontsize=9, color=GRAY)
    return figure


def _target(
    panels: Sequence[Axes], guess: NDArray[np.float64], truth: NDArray[np.float64], name: str, marked: bool
) -> None:
    from matplotlib.ticker import MaxNLocator

    residuals = guess - truth
    many = len(guess) > MOST_VECTORS
    dots: dict[str, Any] = {
        "s": 4 if many else 12,
        "alpha": 0.25 if many else 0.55,
        "color": COLOUR,
        "linewidths": 0,
        "rasterized": many,
    }
    ends = np.array([min(guess.min(), truth.min()), max(guess.max(), truth.max())])
    panels[0].plot(ends, ends, color=GRAY, linewidth=0.9, linestyle="--")
    panels[0].scatter(truth, guess, **dots)
    panels[0].set_aspect("equal", adjustable="datalim")
    if marked:
        rows = np.unique(np.linspace(0, len(truth) - 1, MOST_MARKED).astype(int))
        words = [f"row {i}: true {truth[i]:.4g}, predicted {guess[i]:.4g}" for i in rows]
        mark(panels[0], np.stack([truth[rows], guess[rows]], axis=1), words)
    dress(panels[0], f"{name}: {len(guess)} rows", "true", "predicted")
    panels[1].axhline(0.0, color=GRAY, linewidth=0.9, linestyle="--")
    panels[1].scatter(guess, residuals, **dots)
    dress(panels[1], "predicted - true", "predicted", "")
    low, high = float(residuals.min()), float(residuals.max())
    # Equal residuals, but for rounding, have no range to divide.
    pad = 0.5 if high - low <= 1e-9 * max(1.0, abs(low), abs(high)) else 0.0
    edges = np.linspace(low - pad, high + pad, int(np.clip(np.sqrt(len(residuals)), 5, 50)) + 1)
    panels[2].hist(residuals, bins=edges.tolist(), color=COLOUR, edgecolor="white", linewidth=0.4)
    panels[2].axvline(0.0, color=GRAY, linewidth=0.9, linestyle="--")
    dress(panels[2], f"mean absolute error {mean_absolute_error(guess, truth):.4g}", "predicted - true", "rows")
    for panel in panels:
        panel.xaxis.set_major_locator(MaxNLocator(nbins=5))
    panels[2].yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
