"""The Fréchet distance against closed forms, and against SciPy's own matrix root."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg

from generative.metrics import TooFewSamples, frechet_distance, frechet_estimate
from generative.metrics.distances.frechet import covariance, distance_of_moments

RNG = np.random.default_rng(0)


def skewed(count: int, width: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, width)) @ rng.normal(size=(width, width)) + rng.normal(size=width)


def reference(a: np.ndarray, b: np.ndarray) -> float:
    first, second = np.atleast_2d(np.cov(a.T)), np.atleast_2d(np.cov(b.T))
    root = np.real(scipy.linalg.sqrtm(first @ second))
    return float(np.sum((a.mean(0) - b.mean(0)) ** 2) + np.trace(first + second - 2 * root))


def test_gaussians_on_a_line_by_hand() -> None:
    # (m1 - m2)^2 + (s1 - s2)^2
    one = np.eye(1)
    assert distance_of_moments(np.array([1.0]), 4 * one, np.array([4.0]), 9 * one) == pytest.approx(9 + 1)


def test_variances_are_unbiased_by_hand() -> None:
    # Means 1 and 1; variances 4 / 3 and 16 / 3, not 1 and 4.
    a, b = np.array([[0.0], [2], [0], [2]]), np.array([[-1.0], [3], [-1], [3]])
    assert covariance(a)[0, 0] == pytest.approx(4 / 3)
    assert frechet_distance(a, b) == pytest.approx((np.sqrt(4 / 3) - np.sqrt(16 / 3)) ** 2)


def test_covariances_that_do_not_commute_by_hand() -> None:
    # tr (S1 S2)^(1/2) of diag(1, 0) and the projection on (1, 1) / sqrt 2: the one eigenvalue of S1 S2 is 1/2.
    first, second = np.diag([1.0, 0.0]), np.full((2, 2), 0.5)
    zero = np.zeros(2)
    assert distance_of_moments(zero, first, zero, second) == pytest.approx(2 - 2 * np.sqrt(0.5))


@pytest.mark.parametrize(("width", "count"), [(1, 20), (7, 60), (64, 400)])
def test_it_equals_scipys_matrix_root(width: int, count: int) -> None:
    a, b = skewed(count, width, 1), skewed(count + 13, width, 2)
    value = frechet_distance(a, b)
    assert value == pytest.approx(reference(a, b), rel=1e-5)
    assert frechet_distance(b, a) == pytest.approx(value, rel=1e-9)
    assert frechet_distance(a[::-1], b) == pytest.approx(value, rel=1e-9)


def test_features_that_never_change_are_no_trouble() -> None:
    a, b = skewed(40, 4, 1), skewed(40, 4, 2)
    a[:, 2] = b[:, 2] = 1.5
    kept = [0, 1, 3]
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(a[:, kept], b[:, kept]), rel=1e-6)


def test_a_sample_lies_at_no_distance_of_itself() -> None:
    a = skewed(300, 32, 3).astype(np.float32)
    assert abs(frechet_distance(a, a)) < 1e-6 * np.trace(covariance(a))


def test_more_noise_is_farther() -> None:
    a, b = RNG.normal(size=(400, 8)), RNG.normal(size=(400, 8))
    noise = RNG.normal(size=(400, 8))
    values = [frechet_distance(a, b + scale * noise) for scale in (0.0, 0.5, 1.0, 2.0)]
    assert values == sorted(values) and values[1] > 1.5 * values[0]


def test_groups_left_out_are_what_is_computed_without_them() -> None:
    from generative.metrics.distances.frechet import _without_groups
    from generative.metrics.jackknife import GROUPS, group_numbers

    a = skewed(130, 3, 4)
    numbers = group_numbers(len(a), GROUPS)
    for group, (mean, matrix) in enumerate(_without_groups(a)):
        rest = a[numbers != group]
        np.testing.assert_allclose(mean, rest.mean(axis=0), atol=1e-12)
        np.testing.assert_allclose(matrix, np.cov(rest.T), atol=1e-10)


def test_the_interval_holds_what_other_samples_give() -> None:
    def distance(seed: int) -> np.ndarray:
        rng = np.random.default_rng(seed)
        return np.array(frechet_estimate(rng.normal(size=(200, 2)), rng.normal(1.0, 2.0, size=(200, 2))))

    found = np.array([distance(seed) for seed in range(300)])
    middle = found[:, 0].mean()
    inside = np.mean((found[:, 1] <= middle) & (middle <= found[:, 2]))
    assert 0.90 < inside < 0.99
    # Means differ by 1 and deviations by 1, in each of two dimensions.
    assert middle == pytest.approx(4.0, rel=0.02)


def test_too_few_rows_for_the_features_are_refused() -> None:
    message = r"frechet_distance: second received 255 rows; expected at least 256, 4 for each of 64 features. Fix: more"
    with pytest.raises(TooFewSamples, match=message):
        frechet_distance(RNG.normal(size=(256, 64)), RNG.normal(size=(255, 64)))


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (np.zeros((9, 2, 1)), np.zeros((9, 2)), r"first received 'float64 \(9, 2, 1\)'; expected numbers of shape"),
        (np.zeros((9, 2)), np.zeros((20, 1)), r"widths received \(2, 1\); expected one width"),
        (np.zeros((9, 2)), np.full((9, 2), np.nan), "second received 'values that are not finite'"),
        (np.zeros((9, 2), complex), np.zeros((9, 2)), "first received 'complex128"),
    ],
)
def test_samples_that_do_not_fit(first: np.ndarray, second: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        frechet_distance(first, second)
