"""Precision, recall, density, coverage and the check for memorising, against loops over rows and by hand."""

from __future__ import annotations

import numpy as np
import pytest

from generative.metrics import TooFewSamples, density_coverage, nearest_train, precision_recall
from generative.metrics.neighbours import neighbours as neighbours_module
from generative.metrics.neighbours.neighbours import squared_distances, squared_radii

RNG = np.random.default_rng(0)


def column(*values: float) -> np.ndarray:
    return np.array(values, np.float64)[:, None]


def radius(rows: np.ndarray, i: int, k: int) -> float:
    return float(sorted(np.linalg.norm(rows[i] - rows[j]) for j in range(len(rows)) if j != i)[k - 1])


def share_inside(centres: np.ndarray, rows: np.ndarray, k: int) -> float:
    radii = [radius(centres, i, k) for i in range(len(centres))]
    return float(np.mean([any(np.linalg.norm(c - x) <= r for c, r in zip(centres, radii, strict=True)) for x in rows]))


def density_and_coverage(real: np.ndarray, sampled: np.ndarray, k: int) -> tuple[float, float]:
    inside = np.array([[np.linalg.norm(x - c) <= radius(real, i, k) for i, c in enumerate(real)] for x in sampled])
    return float(inside.sum() / (k * len(sampled))), float(inside.any(axis=0).mean())


def test_precision_and_recall_by_hand() -> None:
    # Nearest neighbours lie 1, 1 and 9 away: balls [-1, 1], [0, 2] and [1, 19]. The samples' are [4, 6] and [5, 7],
    # and [-41, 27]. -7 lies in no ball of the real rows; every real row lies in that of -7.
    real, sampled = column(0, 1, 10), column(5, 6, -7)
    found = precision_recall(real, sampled, k=1)
    assert found.precision == pytest.approx(2 / 3) and found.recall == pytest.approx(2 / 3)


def test_density_and_coverage_by_hand() -> None:
    # Balls [-1, 1], [0, 2], [1, 19]: 0.5 lies in two, 1 in three, 30 in none.
    real = column(0, 1, 10)
    found = density_coverage(real, column(0.5, 1, 30), k=1)
    assert found.density == pytest.approx(5 / 3) and found.coverage == 1.0
    assert density_coverage(real, column(-0.5, -0.5, -3), k=1) == pytest.approx((2 / 3, 1 / 3))


@pytest.mark.parametrize("k", [1, 3, 5])
def test_they_equal_loops_over_rows(k: int, monkeypatch: pytest.MonkeyPatch) -> None:
    real, sampled = RNG.normal(size=(50, 3)), RNG.normal(0.4, 1.2, size=(41, 3))
    for block in (neighbours_module.BLOCK, 120):
        monkeypatch.setattr(neighbours_module, "BLOCK", block)
        found = precision_recall(real, sampled, k)
        assert found == pytest.approx((share_inside(real, sampled, k), share_inside(sampled, real, k)), abs=1e-12)
        assert precision_recall(sampled, real, k) == found[::-1]
        expected = density_and_coverage(real, sampled, k)
        assert density_coverage(real, sampled, k) == pytest.approx(expected, abs=1e-12)


def test_rows_that_are_equal_lie_at_no_distance() -> None:
    rows = RNG.normal(size=(40, 30)).repeat(5, axis=0) * 100
    assert (squared_radii(rows, 4) == 0).all() and (squared_radii(rows, 5) > 0).all()
    assert precision_recall(rows, rows, 3) == (1.0, 1.0)
    distances = squared_distances(rows, rows)
    assert (distances >= 0).all() and (distances == distances.T).all()


def test_two_real_samples_score_as_the_papers_say() -> None:
    a, b = RNG.normal(size=(1500, 8)), RNG.normal(size=(1500, 8))
    density, coverage = density_coverage(a, b)
    assert density == pytest.approx(1.0, abs=0.06) and coverage == pytest.approx(1 - 2.0**-5, abs=0.015)
    precision, recall = precision_recall(a, b)
    assert min(precision, recall) > 0.8


def test_a_dropped_mode_costs_coverage_and_recall_but_no_precision() -> None:
    modes = np.arange(10)[:, None] * 20.0
    real = RNG.normal(size=(500, 2)) + modes.repeat(50, axis=0)
    sampled = RNG.normal(size=(500, 2)) + modes.repeat(50, axis=0)
    values = [[*precision_recall(real, s), *density_coverage(real, s)] for s in (sampled, sampled[:300], sampled[:100])]
    precision, recall, density, coverage = np.array(values).T
    assert min(precision) > 0.9 and min(density) > 0.8
    assert recall[0] > recall[1] + 0.3 > recall[2] + 0.6 and coverage[0] > coverage[1] + 0.3 > coverage[2] + 0.6


def test_memorising_by_hand() -> None:
    train, test = column(0, 10, 20), column(2, 11)
    # Test rows lie 1.5 away on average, the samples 0.75.
    assert nearest_train(column(20.5, 11), test, train) == pytest.approx(0.5)
    assert nearest_train(train[::-1], test, train) == 0.0
    assert nearest_train(test, test, train) == 1.0


def test_errors() -> None:
    with pytest.raises(TooFewSamples, match="first received 3 rows; expected at least 4, one more than the 3"):
        precision_recall(np.zeros((3, 2)), np.zeros((9, 2)))
    with pytest.raises(TooFewSamples, match="expected at least 6"):
        density_coverage(np.zeros((3, 2)), np.zeros((9, 2)))
    with pytest.raises(TooFewSamples, match="test received no row that is not among the training rows"):
        nearest_train(column(1), column(2), column(2, 3))
    with pytest.raises(TooFewSamples, match="first received 0 rows; expected at least 1"):
        nearest_train(np.zeros((0, 1)), column(5), column(2, 3))
