"""Averages and intervals equal hand-computed values and SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import lab.statistics
from lab.statistics import bootstrap_interval, iqm, stratified_bootstrap_interval


def test_iqm_by_hand() -> None:
    assert iqm([1, 2, 3, 1000]) == 2.5
    assert iqm([8, 1, 2, 3, 4, 5, 6, 7]) == 4.5
    # Nine values: floor(9 / 4) = 2 go at each end; (3 + 4 + 5 + 6 + 10) / 5.
    assert iqm([1, 2, 3, 4, 5, 6, 10, 20, 30]) == pytest.approx(5.6)
    assert iqm([1, 2, 6]) == 3
    assert iqm([7.0]) == 7
    assert isinstance(iqm([1, 2]), float)


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 7, 8, 100, 101, 102, 103])
def test_iqm_equals_scipy(number: int) -> None:
    values = np.random.default_rng(number).normal(size=(6, number))
    assert iqm(values[0]) == pytest.approx(stats.trim_mean(values[0], 0.25), rel=1e-12)
    np.testing.assert_allclose(iqm(values, axis=1), stats.trim_mean(values, 0.25, axis=1), rtol=1e-12)
    np.testing.assert_allclose(iqm(values, axis=0), stats.trim_mean(values, 0.25, axis=0), rtol=1e-12)
    assert iqm(values) == pytest.approx(stats.trim_mean(values, 0.25, axis=None), rel=1e-12)


def test_one_value_and_equal_values_have_no_width() -> None:
    assert bootstrap_interval([3.7]) == (3.7, 3.7)
    assert bootstrap_interval([0.1] * 7) == (0.1, 0.1)


def test_interval_of_two_values_by_hand() -> None:
    # The mean of a resample of {0, 1} is 0, 1/2 or 1 with probability 1/4, 1/2, 1/4.
    assert bootstrap_interval([0, 1], np.mean, level=0.95) == (0, 1)
    assert bootstrap_interval([0, 1], np.mean, level=0.2) == (0.5, 0.5)


def test_interval_equals_scipy_up_to_the_draws() -> None:
    values = np.random.default_rng(1).normal(10, 3, 60)
    low, high = bootstrap_interval(values, np.mean, resamples=20_000)
    theirs = stats.bootstrap((values,), np.mean, method="percentile", n_resamples=20_000, rng=1).confidence_interval
    assert (low, high) == pytest.approx((theirs.low, theirs.high), abs=0.03)


def test_the_seed_decides_the_interval() -> None:
    values = np.random.default_rng(2).normal(size=30)
    assert bootstrap_interval(values, seed=4) == bootstrap_interval(values, seed=4)
    assert bootstrap_interval(values, seed=4) != bootstrap_interval(values, seed=5)


def test_interval_contains_the_statistic_and_widens_with_the_level() -> None:
    values = np.random.default_rng(3).normal(size=40)
    low, high = bootstrap_interval(values)
    wider = bootstrap_interval(values, level=0.99)
    assert wider[0] < low < iqm(values) < high < wider[1]


def test_coverage_is_about_the_level() -> None:
    generator = np.random.default_rng(0)
    intervals = [bootstrap_interval(generator.normal(size=50), np.mean, resamples=300) for _ in range(200)]
    assert 0.88 <= np.mean([low <= 0 <= high for low, high in intervals]) <= 0.99


def test_many_values_are_drawn_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(5).normal(size=50)
    sizes: list[int] = []

    def mean(block: np.ndarray, /, *, axis: int) -> np.ndarray:
        sizes.append(block.size)
        return block.mean(axis=axis)

    monkeypatch.setattr(lab.statistics, "BLOCK", 1000)
    low, high = bootstrap_interval(values, mean, resamples=333)
    assert max(sizes) <= 1000 and sum(sizes) == 333 * 50 and low < values.mean() < high


def test_strata_are_drawn_within_each_group() -> None:
    # Each group is constant, so resampling within groups cannot change the mean; pooled resampling would.
    assert stratified_bootstrap_interval([[0, 0, 0], [10, 10, 10]], np.mean) == (5, 5)
    low, high = bootstrap_interval([0, 0, 0, 10, 10, 10], np.mean)
    assert low < 5 < high


def test_groups_may_differ_in_length_and_one_group_is_the_plain_interval() -> None:
    a, b = np.arange(10.0), np.arange(7.0)
    low, high = stratified_bootstrap_interval([a, b])
    assert low <= iqm(np.concatenate([a, b])) <= high
    assert stratified_bootstrap_interval([a]) == bootstrap_interval(a)


def test_bad_input_is_refused_with_words() -> None:
    for function in (iqm, bootstrap_interval):
        with pytest.raises(ValueError, match="received 'none'; expected at least one number"):
            function([])
        with pytest.raises(ValueError, match=r"received nan; expected finite numbers \(1 of 2 are not\)"):
            function([1.0, float("nan")])
        with pytest.raises(ValueError, match="received inf"):
            function([1.0, float("inf")])
    with pytest.raises(ValueError, match="groups received"):
        stratified_bootstrap_interval([])
    with pytest.raises(ValueError, match="level received 95"):
        bootstrap_interval([1, 2], level=95)
    with pytest.raises(ValueError, match="resamples received 0"):
        bootstrap_interval([1, 2], resamples=0)
    with pytest.raises(ValueError, match="1-D"):
        bootstrap_interval(np.ones((2, 2)))
