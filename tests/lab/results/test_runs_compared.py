"""Gaps, profiles and probabilities of improvement equal hand-computed values and rliable's."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from lab.results.statistics import (
    normalised,
    optimality_gap,
    over_runs,
    performance_profile,
    probability_of_improvement,
)


def test_a_gap_counts_what_is_missing_and_nothing_beyond_the_target() -> None:
    # 0.5, 0 and 0.1 are missing.
    assert optimality_gap([0.5, 1.5, 0.9], 1.0) == pytest.approx(0.2)
    assert optimality_gap([[480.0, 520.0], [500.0, 400.0]], 500.0, axis=0) == pytest.approx([10.0, 50.0])
    found = over_runs([480.0, 520.0, 500.0], "optimality_gap", target=500.0)
    assert found.value == pytest.approx(20 / 3) and (found.low, found.high) == (0.0, 20.0)


def test_a_profile_is_the_fraction_of_runs_above_each_threshold() -> None:
    found = performance_profile([1.0, 2.0, 3.0, 4.0], [0.0, 1.0, 2.5, 4.0])
    assert found.fractions.tolist() == [1.0, 0.75, 0.5, 0.0]
    # One of two runs of the first task and both of the second.
    assert performance_profile([[0.0, 1.0], [1.0, 1.0]], [0.5]).fractions.tolist() == [0.75]


def test_a_profiles_band_is_drawn_over_runs_within_each_task() -> None:
    # Of three runs two lie above: 0, 1, 2 or 3 of three drawn with probability 1, 6, 12 and 8 in 27.
    wide, narrow = (performance_profile([0.0, 1.0, 2.0], [0.5], level=level) for level in (0.95, 0.3))
    assert [wide.low, wide.high] == [0.0, 1.0]
    assert [narrow.low, narrow.high] == pytest.approx([2 / 3, 2 / 3])
    # A task in which all runs are alike adds nothing to the band.
    both = performance_profile([[0.0, 9.0], [1.0, 9.0], [2.0, 9.0]], [0.5])
    assert [both.low, both.high] == [0.5, 1.0]


def test_improvement_counts_pairs_and_ties_half() -> None:
    # Of (1, 2), (1, 3), (2, 2) and (2, 3) one is a tie.
    assert probability_of_improvement([1.0, 2.0], [2.0, 3.0]).value == 0.125
    # In a task of another scale all pairs are won: the mean over tasks, not over scores.
    two = probability_of_improvement([[1.0, 800.0], [2.0, 900.0]], [[2.0, -5.0], [3.0, 5.0]])
    assert two.value == (0.125 + 1) / 2
    assert probability_of_improvement([5.0, 6.0, 7.0], [5.0, 6.0, 7.0]).value == 0.5


def test_improvements_interval_draws_the_runs_of_both() -> None:
    mine, theirs = [1.0, 3.0, 4.0], [2.0, 2.5, 5.0]
    chances = []
    for first in itertools.product(mine, repeat=3):
        for second in itertools.product(theirs, repeat=3):
            chances.append(np.mean([a > b for a in first for b in second]))
    ends = np.quantile(chances, [0.025, 0.975])
    found = probability_of_improvement(mine, theirs, resamples=20_000)
    assert (found.low, found.high) == pytest.approx(tuple(ends), abs=0.02)
    assert found.value == pytest.approx(4 / 9) and str(found).startswith("0.44 [0")


def test_few_runs_have_no_interval() -> None:
    found = probability_of_improvement([1.0, 2.0], [2.0, 3.0, 4.0])
    assert found.low is None and str(found) == "0.08 (no interval: 2 and 3 runs, at least 3 needed)"
    assert performance_profile([1.0, 2.0], [1.5]).low is None


def test_tasks_share_a_scale_once_normalised() -> None:
    found = normalised([[22.0, -200.0], [500.0, -100.0]], [22.0, -200.0], [500.0, -100.0])
    assert found.tolist() == [[0.0, 0.0], [1.0, 1.0]]
    assert normalised([25.0, 75.0], 0.0, 50.0)[:, 0].tolist() == [0.5, 1.5]


# What rliable 1.2.0 (NumPy 2.4, arch 8.0) gives for these scores, (runs, tasks): values, and ends of 95 % intervals of
# 50,000 resamples for the averages and 20,000 for the others. Both draw by chance: ends agree up to a run or two.
SCORES = np.array([[0.9, 0.2, 1.3], [0.7, 0.5, 1.1], [1.0, 0.4, 0.2], [0.3, 0.5, 0.8], [0.95, 0.1, 1.2]])
OTHERS = np.array([[0.5, 0.5, 1.2], [0.7, 0.3, 0.9], [0.2, 0.6, 1.0], [0.6, 0.4, 0.1]])
AVERAGES = {
    "iqm": (0.6722222, 0.4555556, 0.8388889),
    "mean": (0.6766667, 0.52, 0.81),
    "median": (0.77, 0.5, 0.94),
    "optimality_gap": (0.3633333, 0.25, 0.5),
}
THRESHOLDS = [0.0, 0.2, 0.45, 0.7, 1.0, 1.25]
PROFILE = np.array([1.0, 0.8, 0.6666667, 0.4666667, 0.2, 0.0666667])
PROFILE_LOW = np.array([1.0, 0.6, 0.4666667, 0.2666667, 0.0666667, 0.0])
PROFILE_HIGH = np.array([1.0, 1.0, 0.8666667, 0.6666667, 0.3333333, 0.2])
IMPROVEMENT = (0.5916667, 0.3916667, 0.7916667)


@pytest.mark.parametrize("statistic", AVERAGES)
def test_averages_and_intervals_are_rliables(statistic: str) -> None:
    target = 1.0 if statistic == "optimality_gap" else None
    found = over_runs(SCORES, statistic, resamples=20_000, target=target)
    value, low, high = AVERAGES[statistic]
    assert found.value == pytest.approx(value) and (found.low, found.high) == pytest.approx((low, high), abs=0.012)


def test_profile_and_improvement_are_rliables() -> None:
    found = performance_profile(SCORES, THRESHOLDS, resamples=20_000)
    np.testing.assert_allclose(found.fractions, PROFILE, atol=1e-6)
    assert found.low is not None and found.high is not None
    # A run of one task more or less.
    np.testing.assert_allclose(found.low, PROFILE_LOW, atol=1 / 15 + 1e-6)
    np.testing.assert_allclose(found.high, PROFILE_HIGH, atol=1 / 15 + 1e-6)
    better, (value, low, high) = probability_of_improvement(SCORES, OTHERS, resamples=20_000), IMPROVEMENT
    assert better.value == pytest.approx(value) and (better.low, better.high) == pytest.approx((low, high), abs=0.02)


@pytest.mark.parametrize(
    ("call", "received", "expected"),
    [
        (lambda: over_runs([[1.0, 2.0], [1.0]]), "rows of unequal lengths", "a score of each run in each task"),
        (lambda: over_runs([1.0, 2.0], "optimality_gap"), "target received None", "a score that is good enough"),
        (lambda: over_runs([1.0, 2.0], target=1.0), "target received 1.0", "none with 'iqm'"),
        (lambda: performance_profile([1.0], [2.0, 1.0]), "thresholds received", "numbers that rise"),
        (lambda: performance_profile([1.0, float("nan")], [0.5]), "received nan", "finite numbers"),
        (lambda: probability_of_improvement([[1.0, 2.0]], [[1.0]]), "2 and 1 tasks", "the same tasks of both"),
        (lambda: normalised([1.0], 2.0, 2.0), "highest received 2.0", "more than lowest"),
        (lambda: normalised([[1.0, 2.0]], [0.0, 0.0, 0.0], 5.0), "lowest of shape", "one a task"),
    ],
)
def test_bad_scores_are_refused_with_words(call, received: str, expected: str) -> None:
    with pytest.raises(ValueError) as error:
        call()
    assert received in str(error.value) and expected in str(error.value)
