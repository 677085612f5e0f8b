"""Kernel distances against sums over pairs written out, with their intervals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from generative.metrics import Estimate, TooFewSamples
from generative.metrics.distances import gaussian_mmd, kernel_distance
from generative.metrics.distances.gaussian_mmd import BANDWIDTHS
from generative.metrics.jackknife import group_numbers, jackknife
from generative.metrics.neighbours import neighbours as neighbours_module

RNG = np.random.default_rng(0)


def cubic(x: np.ndarray, y: np.ndarray) -> float:
    return float((np.dot(x, y) / len(x) + 1) ** 3)


def mixture(x: np.ndarray, y: np.ndarray) -> float:
    return float(np.mean([np.exp(-np.sum((x - y) ** 2) / (2 * s**2)) for s in BANDWIDTHS]))


def by_loops(a: np.ndarray, b: np.ndarray, kernel: Callable[[np.ndarray, np.ndarray], float]) -> float:
    n, m = len(a), len(b)
    xx = sum(kernel(a[i], a[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    yy = sum(kernel(b[i], b[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    xy = sum(kernel(x, y) for x in a for y in b) / (n * m)
    return xx + yy - 2 * xy


CASES = [(kernel_distance, cubic), (gaussian_mmd, mixture)]


def test_kid_by_hand() -> None:
    # k(x, y) = (x y + 1)^3: pairs of zeros give 1, pairs of ones 8, mixed ones 1.
    zeros, ones = np.zeros((3, 1)), np.ones((4, 1))
    assert kernel_distance(zeros, ones) == pytest.approx((7.0, 7.0, 7.0))


def test_gaussian_mmd_by_hand() -> None:
    # All alike within a sample, and a distance of 1 between the two.
    value = gaussian_mmd(np.zeros((3, 2)), np.tile([0.6, 0.8], (5, 1)), bandwidths=(1.0, 0.5)).value
    assert value == pytest.approx(2 - (np.exp(-0.5) + np.exp(-2.0)))


@pytest.mark.parametrize(("metric", "kernel"), CASES)
def test_it_equals_loops_over_pairs(
    metric: Callable[..., Estimate], kernel: Callable[..., float], monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = RNG.normal(size=(37, 5)), RNG.normal(0.2, 1.1, size=(29, 5))
    found = metric(a, b)
    assert found.value == pytest.approx(by_loops(a, b, kernel), rel=1e-5)
    assert metric(b, a).value == pytest.approx(found.value, rel=1e-9)
    monkeypatch.setattr(neighbours_module, "BLOCK", 100)
    assert metric(a, b) == pytest.approx(found, rel=1e-9)


@pytest.mark.parametrize(("metric", "kernel"), CASES)
def test_the_interval_is_the_jackknifes(metric: Callable[..., Estimate], kernel: Callable[..., float]) -> None:
    a, b = RNG.normal(size=(25, 2)), RNG.normal(0.5, 1.0, size=(43, 2))
    first, second = group_numbers(25, 20), group_numbers(43, 20)
    without = [by_loops(a[first != g], b[second != g], kernel) for g in range(20)]
    assert metric(a, b) == pytest.approx(jackknife(by_loops(a, b, kernel), np.array(without)), rel=1e-6)


def test_the_jackknife_of_a_mean_is_its_standard_error() -> None:
    values = RNG.normal(size=30)
    without = (values.sum() - values) / 29
    estimate = jackknife(values.mean(), without)
    # 2.0452 is Student's 97.5 % quantile for 29 degrees of freedom.
    assert estimate.high - estimate.value == pytest.approx(2.0452 * values.std(ddof=1) / np.sqrt(30), rel=2e-3)
    assert estimate.value - estimate.low == pytest.approx(estimate.high - estimate.value)


def test_groups_are_equal_and_independent_of_the_order_by_class() -> None:
    numbers = group_numbers(403, 20)
    assert set(np.bincount(numbers)) == {20, 21}
    # Rows whose classes come in turn must not fall into a group by class.
    assert min(len(set(np.flatnonzero(numbers == g) % 20)) for g in range(20)) > 8


@pytest.mark.parametrize("metric", [kernel_distance, gaussian_mmd])
def test_it_is_unbiased_and_its_interval_covers(metric: Callable[..., Estimate]) -> None:
    def estimates(shift: float) -> np.ndarray:
        rngs = [np.random.default_rng(seed) for seed in range(300)]
        return np.array([metric(r.normal(size=(60, 2)), r.normal(shift, 1, size=(60, 2))) for r in rngs])

    same = estimates(0.0)[:, 0]
    assert abs(same.mean()) < 3 * same.std() / np.sqrt(len(same)) and 0.2 < (same < 0).mean() < 0.8
    apart = estimates(1.0)
    inside = np.mean((apart[:, 1] <= apart[:, 0].mean()) & (apart[:, 0].mean() <= apart[:, 2]))
    assert 0.88 < inside < 0.99


def test_errors() -> None:
    with pytest.raises(TooFewSamples, match="first received 2 rows; expected at least 3"):
        kernel_distance(np.zeros((2, 1)), np.zeros((9, 1)))
    with pytest.raises(ValueError, match=r"bandwidths received \(\); expected at least one, all > 0"):
        gaussian_mmd(np.zeros((4, 1)), np.zeros((9, 1)), ())
    with pytest.raises(ValueError, match="one width: features of one network"):
        gaussian_mmd(np.zeros((4, 1)), np.zeros((9, 2)))
