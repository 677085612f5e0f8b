"""Clusters that features fall into, and how well they agree with the classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from lab.errors import bad_value
from lab.media.hover import mark
from predictors.figures.maps import MOST_POINTS, plane
from predictors.figures.panels import colours, dress, new_figure
from predictors.metrics.checks import check_codes, check_rows
from predictors.metrics.clustering import clustering_metrics, hierarchical, kmeans

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def clusters_figure(
    features: ArrayLike,
    codes: ArrayLike,
    classes: int,
    most: int = MOST_POINTS,
    seed: int = 0,
    words: Sequence[str] | None = None,
) -> Figure:
    """Draw as many clusters as classes, found by K-means and by merging (Ward), on one t-SNE plane.

    Above each stands its adjusted Rand index and mutual information with the classes, and its silhouette; see
    `clustering_metrics`. In a report points of the first panel say what they are, where `words` are given.

    Args:
        features: (N, D).
        codes: Classes, whole numbers (N,) in [0, K).
        classes: K.
        most: Rows at most, drawn by the seed: merging compares all pairs.
        seed: Of those rows, of K-means and of t-SNE.
        words: What each row is, N of them, or None.
    """
    owner = "clusters_figure"
    rows, true = check_rows(owner, "features", features), check_codes(owner, codes, classes)
    if len(true) != len(rows):
        raise bad_value(owner, "codes", f"{len(true)} codes", f"one for each of {len(rows)} rows")
    every = len(rows)
    if every > most:
        chosen = np.sort(np.random.default_rng(seed).choice(every, most, replace=False))
        rows, true = rows[chosen], true[chosen]
        words = None if words is None else [words[i] for i in chosen]
    number = min(classes, len(rows))
    points = plane(rows, "tsne" if len(rows) >= 4 else "pca", seed)
    figure = new_figure(10.0, 5.0)
    found = {"K-means": kmeans(rows, number, seed), "hierarchical (Ward)": hierarchical(rows, number)}
    for axes, (name, clusters) in zip(figure.subplots(1, 2), found.items(), strict=True):
        shades = np.asarray(colours(max(2, number)))
        axes.scatter(points[:, 0], points[:, 1], s=12, c=shades[clusters], linewidths=0, alpha=0.8)
        said = clustering_metrics(rows, clusters, true, seed)
        shown = {"adjusted_rand": "adjusted Rand", "nmi": "NMI", "silhouette": "silhouette"}
        values = ", ".join(f"{label} {said[key]:.3f}" for key, label in shown.items() if key in said)
        dress(axes, f"{name}, {number} clusters\n{values}", grid=False)
        axes.set_axis_off()
    if words is not None:
        where = [f"{word}; cluster {cluster}" for word, cluster in zip(words, found["K-means"], strict=True)]
        mark(figure.axes[0], points, where)
    note = f"t-SNE of {len(rows)} of {every} rows" if every > len(rows) else f"t-SNE of {every} rows"
    figure.supxlabel(f"{note}, coloured by cluster", fontsize=9, color="#5f6670")
    return figure
