"""Clusters of features, and how well they agree with classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lab.errors import bad_value
from predictors.metrics.checks import check_codes, check_rows
from predictors.metrics.table import MetricTable, UndefinedMetric

# Hierarchical clusters and the silhouette compare all pairs of rows.
MOST_PAIRED = 10_000
MOST_SILHOUETTE = 2_000


def kmeans(features: ArrayLike, clusters: int, seed: int = 0) -> NDArray[np.int64]:
    """Return each row's cluster by K-means, the best of ten starts (Lloyd 1982; k-means++ starts).

    Args:
        features: (N, D).
        clusters: From 1 to N.
        seed: Of the starts.

    Returns:
        int64 (N,).
    """
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    rows = _checked("kmeans", features, clusters)
    with threadpool_limits(1):
        found = KMeans(clusters, n_init=10, random_state=seed).fit_predict(rows)
    return np.asarray(found, np.int64)


def hierarchical(features: ArrayLike, clusters: int) -> NDArray[np.int64]:
    """Return each row's cluster by merging the nearest ones, by Ward's criterion (Ward 1963).

    Args:
        features: (N, D), at most 10,000 rows, since all pairs are compared.
        clusters: From 1 to N.

    Returns:
        int64 (N,).
    """
    from sklearn.cluster import AgglomerativeClustering

    rows = _checked("hierarchical", features, clusters)
    if len(rows) > MOST_PAIRED:
        raise bad_value("hierarchical", "features", f"{len(rows)} rows", f"at most {MOST_PAIRED}", "a sample of them")
    if len(rows) == 1:
        return np.zeros(1, np.int64)
    return np.asarray(AgglomerativeClustering(clusters).fit_predict(rows), np.int64)


def clustering_metrics(
    features: ArrayLike, found: ArrayLike, codes: ArrayLike | None = None, seed: int = 0
) -> MetricTable:
    """Return the silhouette of clusters, and with classes adjusted_rand and nmi.

    `silhouette` (Rousseeuw 1987) is of at most 2,000 rows, drawn by the seed. `adjusted_rand` (Hubert and Arabie 1985)
    is 0 for chance; `nmi` is the mutual information over the mean of both entropies, and not adjusted for chance.

    Args:
        features: (N, D).
        found: Cluster of each row, whole numbers (N,).
        codes: Class of each row, whole numbers (N,), or None.
        seed: Of the rows for the silhouette.
    """
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    rows = check_rows("clustering_metrics", "features", features)
    clusters = _labels("found", found, len(rows))
    table = MetricTable()
    table.add("silhouette", lambda: _silhouette(rows, clusters, seed))
    if codes is not None:
        classes = _labels("codes", codes, len(rows))
        table["adjusted_rand"] = float(adjusted_rand_score(classes, clusters))
        table["nmi"] = float(normalized_mutual_info_score(classes, clusters))
    return table


def _silhouette(rows: NDArray[np.float64], clusters: NDArray[np.int64], seed: int) -> float:
    from sklearn.metrics import silhouette_score

    if len(rows) > MOST_SILHOUETTE:
        chosen = np.random.default_rng(seed).choice(len(rows), MOST_SILHOUETTE, replace=False)
        rows, clusters = rows[chosen], clusters[chosen]
    number = len(np.unique(clusters))
    if not 2 <= number < len(rows):
        raise UndefinedMetric(f"silhouette: {number} clusters of {len(rows)} rows; expected from 2 to {len(rows) - 1}")
    return float(silhouette_score(rows, clusters))


def _labels(name: str, labels: ArrayLike, rows: int) -> NDArray[np.int64]:
    array = check_codes("clustering_metrics", labels, np.iinfo(np.int64).max, name)
    if len(array) != rows:
        raise bad_value("clustering_metrics", name, f"{len(array)} codes", f"one for each of {rows} rows")
    return array


def _checked(owner: str, features: ArrayLike, clusters: int) -> NDArray[np.float64]:
    rows = check_rows(owner, "features", features)
    if not 1 <= clusters <= len(rows):
        raise bad_value(owner, "clusters", clusters, f"a whole number from 1 to {len(rows)}, the number of rows")
    return rows
