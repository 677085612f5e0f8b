"""Maps of features: many dimensions on a plane, coloured by class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lab.errors import bad_value
from lab.media.hover import mark
from lab.media.plotting import COLOUR
from predictors.figures.panels import class_names, colours, dress, legend, new_figure
from predictors.metrics.checks import check_codes, check_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

METHODS = {"pca": "PCA", "tsne": "t-SNE"}
PERPLEXITY = 30.0
# t-SNE grows faster than linearly, and a figure shows no more points than this well.
MOST_POINTS = 1_000
FEW_CLASSES = 10


def plane(features: ArrayLike, method: str = "tsne", seed: int = 0) -> NDArray[np.float64]:
    """Return features on a plane, float64 (N, 2).

    `pca` keeps as much variance as a plane can; `tsne` (van der Maaten and Hinton 2008) keeps neighbours together, and
    distances between groups mean little.

    Args:
        features: (N, D), N > 3 for `tsne`; features of one dimension get the second coordinate 0.
        method: `pca` or `tsne`.
        seed: Of t-SNE.
    """
    rows = check_rows("plane", "features", features)
    if method not in METHODS:
        raise bad_value("plane", "method", method, " or ".join(map(repr, METHODS)))
    if method == "pca" or rows.shape[1] < 2:
        centred = rows - rows.mean(axis=0)
        left, sizes, right = np.linalg.svd(centred, full_matrices=False)
        points = np.zeros((len(rows), 2))
        kept = min(2, len(sizes))
        # The sign of a direction is arbitrary: its largest weight shall be positive.
        signs = np.sign(right[np.arange(kept), np.abs(right[:kept]).argmax(axis=1)])
        points[:, :kept] = left[:, :kept] * sizes[:kept] * signs
        return points
    if len(rows) < 4:
        raise bad_value("plane", "features", f"{len(rows)} rows", "at least 4 for t-SNE", "method='pca'")
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    perplexity = min(PERPLEXITY, (len(rows) - 1) / 3.0)
    # For a few hundred rows more threads only wait for each other.
    with threadpool_limits(1):
        found = TSNE(perplexity=perplexity, init="pca", random_state=seed).fit_transform(rows)
    return np.asarray(found, np.float64)


def map_figure(
    features: ArrayLike,
    codes: ArrayLike | None = None,
    names: Sequence[object] | None = None,
    method: str = "tsne",
    most: int = MOST_POINTS,
    seed: int = 0,
    words: Sequence[str] | None = None,
    tiles: NDArray[np.uint8] | None = None,
) -> Figure:
    """Draw features on a plane, coloured by class; of more than ten classes each name stands in its midst.

    In a report points say what they are when the pointer is on them, where `words` are given.

    Args:
        features: (N, D).
        codes: Classes, whole numbers (N,), or None.
        names: Of all classes; None for their codes.
        method: `pca` or `tsne`.
        most: Points at most; of more rows so many are drawn by the seed.
        seed: Of those rows and of t-SNE.
        words: What each row is, N of them, or None.
        tiles: A small picture of each row, uint8 (N, H, W) or (N, H, W, 3), or None.
    """
    rows = check_rows("map_figure", "features", features)
    classes = np.iinfo(np.int64).max if names is None else len(names)
    true = None if codes is None else check_codes("map_figure", codes, classes)
    if true is not None and len(true) != len(rows):
        raise bad_value("map_figure", "codes", f"{len(true)} codes", f"one for each of {len(rows)} rows")
    drawn = len(rows)
    if drawn > most:
        chosen = np.sort(np.random.default_rng(seed).choice(drawn, most, replace=False))
        rows, true = rows[chosen], None if true is None else true[chosen]
        words = None if words is None else [words[i] for i in chosen]
        tiles = None if tiles is None else tiles[chosen]
    points = plane(rows, method, seed)
    figure = new_figure(6.2, 5.6)
    axes = figure.add_subplot()
    size = 16 if len(rows) <= 500 else 9
    if true is None:
        axes.scatter(points[:, 0], points[:, 1], s=size, color=COLOUR, linewidths=0, alpha=0.8)
    else:
        shown = class_names("map_figure", names, int(true.max()) + 1 if names is None else len(names))
        present = np.unique(true)
        for code, colour in zip(present, colours(len(present)), strict=True):
            members = points[true == code]
            dots: dict[str, Any] = {"s": size, "color": colour, "linewidths": 0, "alpha": 0.8}
            axes.scatter(members[:, 0], members[:, 1], label=shown[code], **dots)
        if len(present) <= FEW_CLASSES:
            legend(axes, loc="center left", bbox_to_anchor=(1.0, 0.5), ncols=1, markerscale=1.6)
        else:
            _name_groups(axes, points, true, shown)
    if words is not None:
        mark(axes, points, words, tiles)
    note = f"{len(rows)} of {drawn} rows" if drawn > len(rows) else f"{drawn} rows"
    pca = method == "pca"
    dress(axes, f"{METHODS[method]} of {note}", "first component" * pca, "second component" * pca, grid=pca)
    if not pca:
        # Its axes have no unit and no meaning.
        axes.set_axis_off()
    return figure


def _name_groups(axes: Axes, points: NDArray[np.float64], codes: NDArray[np.int64], names: list[str]) -> None:
    from matplotlib.patheffects import withStroke

    for code in np.unique(codes):
        members = points[codes == code]
        # The member nearest to the median: of a class in two parts the middle may lie in another one.
        middle = members[np.linalg.norm(members - np.median(members, axis=0), axis=1).argmin()]
        where: dict[str, Any] = {"xytext": (0, 4), "textcoords": "offset points", "ha": "center", "va": "bottom"}
        text = axes.annotate(names[code], (middle[0], middle[1]), fontsize=8, **where)
        text.set_path_effects([withStroke(linewidth=2.2, foreground="white")])
