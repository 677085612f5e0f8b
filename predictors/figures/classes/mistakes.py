"""Figure of the pictures that are predicted wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lab.errors import bad_value
from lab.media.images import as_rgb
from lab.media.plotting import GRAY
from predictors.figures.panels import WORST, class_names, new_figure
from predictors.metrics.checks import check_probabilities

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS = 6
MOST = 24
# Letters of a name above a picture.
LONGEST = 13


def mistakes(probabilities: ArrayLike, codes: ArrayLike, most: int = MOST) -> NDArray[np.int64]:
    """Return the wrongly predicted rows, the surest first, int64 (n,), n <= most.

    Args:
        probabilities: (N, K).
        codes: True classes, whole numbers (N,) in [0, K).
        most: Whole number >= 1.
    """
    array, true = check_probabilities("mistakes", probabilities, codes)
    if most < 1:
        raise bad_value("mistakes", "most", most, "a whole number >= 1")
    wrong = np.flatnonzero(array.argmax(axis=1) != true)
    order = np.argsort(-array[wrong].max(axis=1), kind="stable")
    return wrong[order[:most]].astype(np.int64)


def mistakes_figure(
    images: NDArray[Any],
    probabilities: ArrayLike,
    codes: ArrayLike,
    names: Sequence[object] | None = None,
    most: int = MOST,
) -> Figure:
    """Draw the surest wrong predictions: the picture, what it is, and what it was taken for how surely.

    Args:
        images: uint8 (N, H, W), (N, H, W, 1) or (N, H, W, 3).
        probabilities: (N, K).
        codes: True classes, whole numbers (N,) in [0, K).
        names: Of the K classes; None for their codes.
        most: Pictures at most.
    """
    array, true = check_probabilities("mistakes_figure", probabilities, codes)
    shown = class_names("mistakes_figure", names, array.shape[1], LONGEST)
    if len(images) != len(array):
        raise bad_value("mistakes_figure", "images", f"{len(images)} images", f"one for each of {len(array)} rows")
    chosen = mistakes(array, true, most)
    wrong = int((array.argmax(axis=1) != true).sum())
    if wrong == 0:
        figure = new_figure(4.0, 1.2)
        figure.text(0.5, 0.5, f"none of {len(array)} predicted wrong", ha="center", va="center", color=GRAY)
        return figure
    columns = min(COLUMNS, max(3, len(chosen)))
    rows = -(-len(chosen) // columns)
    height, width = as_rgb(images[chosen[0]]).shape[:2]
    tall = 1.15 * float(np.clip(height / width, 0.25, 2.0))
    figure = new_figure(1.35 * columns, (tall + 0.45) * rows + 0.3)
    for place, axes in enumerate(figure.subplots(rows, columns, squeeze=False).flat):
        axes.set_axis_off()
        if place < len(chosen):
            row = chosen[place]
            axes.imshow(as_rgb(images[row]), interpolation="nearest")
            found = array[row].argmax()
            # Two texts, since a title has one colour.
            lines = (f"true {shown[true[row]]}", f"→ {shown[found]} {array[row, found]:.2f}")
            for line, above, colour in zip(lines, (15, 4), (GRAY, WORST), strict=True):
                where: dict[str, Any] = {"xy": (0.5, 1.0), "xycoords": "axes fraction", "textcoords": "offset points"}
                axes.annotate(line, xytext=(0, above), ha="center", color=colour, fontsize=8, **where)
    head = f"{wrong} of {len(array)} predicted wrong" + (f", the surest {len(chosen)}" if wrong > len(chosen) else "")
    figure.suptitle(head, fontsize=9.5)
    return figure
