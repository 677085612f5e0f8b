"""Averages and intervals equal hand-computed values and SciPy's."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from lab.results.statistics import bootstrap_interval, intervals, iqm, over_runs, stratified_bootstrap_interval


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

    monkeypatch.setattr(intervals, "BLOCK", 1000)
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


FIVE = [480.0, 470.0, 300.0, 120.0, 9.0]


def test_runs_are_the_samples_and_not_their_episodes() -> None:
    found = over_runs(FIVE)
    assert found.value == pytest.approx((470 + 300 + 120) / 3) and (found.runs, found.tasks) == (5, 1)
    # All 5^5 equally likely resamples, of which the bootstrap draws some.
    drawn = np.array(list(itertools.product(FIVE, repeat=5)))
    ends = np.quantile(stats.trim_mean(drawn, 0.25, axis=1), [0.025, 0.975])
    assert (found.low, found.high) == pytest.approx(tuple(ends), abs=12)
    assert found.low is not None and found.low < 60 and found.high is not None and found.high > 460
    assert str(found) == "296.7 [46, 473.3]"
    episodes = stratified_bootstrap_interval([np.random.default_rng(i).normal(m, 5, 100) for i, m in enumerate(FIVE)])
    assert episodes[1] - episodes[0] < 5, "the interval over episodes says nothing of another seed"


def test_statistics_over_runs_and_tasks_are_rliables() -> None:
    scores = np.random.default_rng(0).normal(size=(7, 3))
    assert over_runs(scores).value == pytest.approx(stats.trim_mean(scores, 0.25, axis=None))
    assert over_runs(scores, "mean").value == pytest.approx(scores.mean())
    assert over_runs(scores, "median").value == pytest.approx(np.median(scores.mean(axis=0)))
    assert over_runs(FIVE, "median").value == 300
    found = over_runs(scores, "mean", resamples=20_000)
    # Stratified: the variances of the tasks' means add up, whatever the tasks' own means are.
    width = 2 * 1.96 * np.sqrt((scores.var(axis=0) / 7).sum()) / 3
    assert found.high is not None and found.low is not None
    assert found.high - found.low == pytest.approx(width, rel=0.05)
    shifted = over_runs(np.add(scores, [0, 100, 200]), "mean", resamples=20_000)
    assert shifted.low == pytest.approx(found.low + 100)


def test_one_run_or_two_have_no_interval() -> None:
    for scores in ([3.0], [3.0, 5.0]):
        found = over_runs(scores)
        assert found.low is None and found.high is None and "no interval" in str(found)
    assert over_runs([3.0, 5.0]).value == 4.0
    assert over_runs([3.0, 5.0, 7.0]).low == 3.0


def test_bad_runs_are_refused() -> None:
    with pytest.raises(ValueError, match=r"scores of shape received \(1, 1, 1\)"):
        over_runs([[[1.0]]])
    with pytest.raises(ValueError, match="statistic received 'mode'; expected 'iqm', 'mean', 'median' or"):
        over_runs([1.0], "mode")
    with pytest.raises(ValueError, match="received nan"):
        over_runs([1.0, float("nan"), 2.0])
