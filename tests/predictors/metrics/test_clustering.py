"""Clusters of points that lie apart, and scores of them beside references."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as reference

from predictors.metrics import clustering_metrics, hierarchical, kmeans

CODES = np.repeat([0, 1, 2], 20)
FEATURES = np.random.default_rng(0).normal(size=(60, 4)) + 20.0 * np.eye(4)[CODES]


@pytest.mark.parametrize("find", [kmeans, hierarchical])
def test_groups_that_lie_apart_are_found(find: object) -> None:
    found = find(FEATURES, 3)  # type: ignore[operator]
    table = clustering_metrics(FEATURES, found, CODES)
    assert table["adjusted_rand"] == table["nmi"] == pytest.approx(1.0)
    assert table["silhouette"] == pytest.approx(reference.silhouette_score(FEATURES, CODES))


def test_adjusted_rand_and_silhouette_by_hand() -> None:
    # Pairs together in both 1, in classes 2, in clusters 2, of 6: (1 - 4/6) / (2 - 4/6) for sizes (2, 2) and (3, 1).
    table = clustering_metrics([[0.0], [1.0], [4.0], [5.0]], [0, 0, 1, 1], [0, 0, 0, 1])
    assert table["adjusted_rand"] == pytest.approx((1 - 2 * 3 / 6) / ((2 + 3) / 2 - 2 * 3 / 6), abs=1e-12)
    # Own distance 1; to the other group 4.5, 3.5, 3.5, 4.5.
    assert table["silhouette"] == pytest.approx(((1 - 1 / 4.5) + (1 - 1 / 3.5)) / 2)


def test_one_cluster_has_no_silhouette_and_says_so() -> None:
    table = clustering_metrics(FEATURES, np.zeros(60, int))
    assert not table and table.left_out["silhouette"].startswith("silhouette: 1 clusters of 60 rows")


def test_kmeans_repeats_itself_by_its_seed() -> None:
    np.testing.assert_array_equal(kmeans(FEATURES, 5, seed=3), kmeans(FEATURES, 5, seed=3))


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="from 1 to 60"):
        kmeans(FEATURES, 61)
    with pytest.raises(ValueError, match="at most 10000"):
        hierarchical(np.zeros((10_001, 1)), 2)
    with pytest.raises(ValueError, match="rows.reshape"):
        hierarchical(FEATURES[0], 2)
    with pytest.raises(ValueError, match="found received '2 codes'; expected one for each of 60 rows"):
        clustering_metrics(FEATURES, [0, 1])
