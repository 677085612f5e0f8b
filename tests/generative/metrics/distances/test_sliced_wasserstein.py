"""Distances that can be worked out by hand come out by hand's value."""

from __future__ import annotations

import numpy as np
import pytest

from generative.metrics.distances.sliced_wasserstein import sliced_wasserstein, wasserstein_squared

RNG = np.random.default_rng(0)


def column(*values: float) -> np.ndarray:
    return np.array(values, np.float64)[:, None]


@pytest.mark.parametrize(
    ("first", "second", "squared"),
    [
        (column(0, 0, 0), column(2, 2, 2), 4.0),
        (column(3, 1), column(1, 3), 0.0),
        (column(0, 1), column(2, 4), (4 + 9) / 2),
        # Quantiles differ, by 1, from 1/2 to 2/3 only.
        (column(0, 1), column(0, 0, 1), 1 / 6),
        (column(5), column(4, 6, 8), (1 + 1 + 9) / 3),
    ],
)
def test_one_dimension_by_hand(first: np.ndarray, second: np.ndarray, squared: float) -> None:
    assert wasserstein_squared(first, second)[0] == pytest.approx(squared, abs=1e-12)
    assert sliced_wasserstein(first, second) == pytest.approx(np.sqrt(squared), abs=1e-12)
    assert sliced_wasserstein(second, first) == pytest.approx(np.sqrt(squared), abs=1e-12)


def test_unequal_sizes_agree_with_repeated_rows() -> None:
    a, b = RNG.normal(size=(6, 3)), RNG.normal(size=(4, 3))
    expected = wasserstein_squared(a.repeat(2, axis=0), b.repeat(3, axis=0))
    np.testing.assert_allclose(wasserstein_squared(a, b), expected, rtol=1e-12)


def test_a_shift_of_every_value_is_the_distance() -> None:
    rows = RNG.normal(size=(50, 8, 8, 1))
    assert sliced_wasserstein(rows, rows + 0.25, projections=20_000) == pytest.approx(0.25, rel=0.02)
    assert sliced_wasserstein(rows, rows) == 0.0


def test_seeds_decide_the_directions() -> None:
    a, b = RNG.normal(size=(30, 5)), RNG.normal(size=(30, 5))
    assert sliced_wasserstein(a, b, 8, seed=1) == sliced_wasserstein(a, b, 8, seed=1)
    assert sliced_wasserstein(a, b, 8, seed=1) != sliced_wasserstein(a, b, 8, seed=2)


def test_samples_of_several_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="one shape"):
        sliced_wasserstein(np.zeros((3, 2)), np.zeros((3, 4)))
    with pytest.raises(ValueError, match="one shape"):
        sliced_wasserstein(np.zeros((0, 2)), np.zeros((3, 2)))
