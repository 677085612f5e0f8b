"""What figures of latents are made of, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from generative.autoencoder.figures import latents as latent_figures
from generative.autoencoder.figures.latents import MAP_SIDE, STEPS, clusters, purity, quantile_grid, traversal


def test_purity_by_hand() -> None:
    # Of cluster 0 two of three are alike, of cluster 1 all three.
    assert purity(np.array([0, 0, 0, 1, 1, 1]), np.array([4, 4, 2, 2, 2, 2])) == pytest.approx(5 / 6)
    assert purity(np.arange(4), np.zeros(4, int)) == 1.0


def test_clusters_are_the_groups_that_there_are() -> None:
    rng = np.random.default_rng(0)
    centres = np.array([[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]], np.float32)
    labels = rng.integers(0, 3, 90)
    found, distances = clusters(centres[labels] + 0.1 * rng.normal(size=(90, 2)).astype(np.float32), 3)
    assert purity(found, labels) == 1.0 and distances.max() < 1.0
    assert len(np.unique(clusters(centres, 10)[0])) == 3


def test_a_traversal_moves_one_dimension_at_a_time() -> None:
    latents, dimensions = traversal(np.array([1.0, 2.0, 3.0]), np.array([0.1, 2.0, 0.5]))
    np.testing.assert_array_equal(dimensions, [1, 2, 0])
    assert latents.shape == (3 * STEPS, 3) and latents.dtype == np.float32
    first = latents[:STEPS]
    np.testing.assert_allclose(first[:, [0, 2]], [[1.0, 3.0]] * STEPS)
    np.testing.assert_allclose(first[[0, STEPS // 2, -1], 1], [2 - 2.5 * 2, 2, 2 + 2.5 * 2])
    assert len(traversal(np.zeros(40), np.ones(40))[1]) == latent_figures.MOST_DIMENSIONS


def test_a_map_has_equally_probable_steps() -> None:
    grid = quantile_grid(np.array([5.0, -5.0]), np.array([[4.0, 0.3], [0.3, 1.0]])).reshape(MAP_SIDE, MAP_SIDE, 2)
    middle = MAP_SIDE // 2
    np.testing.assert_allclose(grid[middle, middle], [5.0, -5.0])
    # The quantile at 14.5 / 15 of N(0, 1) is 1.83391.
    np.testing.assert_allclose(grid[middle, -1], [5.0 + 2 * 1.83391, -5.0], rtol=1e-4)
    np.testing.assert_allclose(grid[0, middle], [5.0, -5.0 + 1.83391], rtol=1e-4)


def test_a_map_of_many_dimensions_lies_along_those_that_vary_most() -> None:
    grid = quantile_grid(np.zeros(4), np.diag([1.0, 9.0, 0.0, 4.0]))
    np.testing.assert_allclose(grid[:, [0, 2]], 0.0, atol=1e-6)
    assert grid[:, 1].std() / grid[:, 3].std() == pytest.approx(1.5, rel=1e-4)
    assert quantile_grid(np.zeros(1), np.eye(1)).shape == (MAP_SIDE**2, 1)
