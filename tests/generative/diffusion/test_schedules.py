"""Schedules equal their closed forms in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from generative.diffusion.sampling.levels import Levels, snr
from generative.diffusion.schedules import (
    Discrete,
    EDMSchedule,
    Rectified,
    cosine_alpha_bar,
    cosine_betas,
    edm_sigmas,
    linear_betas,
    make_schedule,
)


def test_linear_betas() -> None:
    betas = linear_betas(1000)
    assert (betas[0], betas[-1], betas.dtype) == (1e-4, 0.02, np.float64)
    np.testing.assert_allclose(betas, 1e-4 + np.arange(1000) * (0.02 - 1e-4) / 999, rtol=1e-12)
    # About as much noise at the end, whatever the number of steps.
    ends = [Discrete(linear_betas(steps)).alpha_bar[-1] for steps in (100, 1000, 4000)]
    np.testing.assert_allclose(ends, ends[1], rtol=0.6)


def test_cosine_betas_follow_their_closed_form_up_to_the_cap() -> None:
    betas = cosine_betas(1000)
    assert betas.max() == betas[-1] == 0.999 and (betas[:-1] < 0.999).all()
    expected = cosine_alpha_bar(np.arange(1, 1001) / 1000)
    np.testing.assert_allclose(Discrete(betas).alpha_bar[:-1], expected[:-1], rtol=1e-10)
    assert cosine_alpha_bar(np.array(0.0)) == 1.0
    # cos(0.508 / 1.008 * 90 degrees)^2 / cos(0.008 / 1.008 * 90 degrees)^2
    assert cosine_alpha_bar(np.array(0.5)) == pytest.approx(0.4938435, abs=1e-7)


def test_edm_sigmas() -> None:
    sigma = edm_sigmas(5, 0.002, 80.0)
    assert sigma[0] == pytest.approx(80.0) and sigma[-1] == pytest.approx(0.002)
    assert sigma[2] == pytest.approx(((80 ** (1 / 7) + 0.002 ** (1 / 7)) / 2) ** 7)


def test_levels_lead_from_noise_to_the_clean_row() -> None:
    for name in ("linear", "cosine", "edm", "rectified"):
        levels = make_schedule(name, 100).levels(10)
        ratio = snr(levels.alpha, levels.sigma)
        assert levels.steps == 10 and (levels.alpha[-1], levels.sigma[-1]) == (1.0, 0.0)
        assert (np.diff(ratio[:-1]) > 0).all() and ratio[0] < 1e-3 and ratio[-1] == np.inf
    levels = Rectified().levels(4)
    np.testing.assert_array_equal(levels.sigma, [1, 0.75, 0.5, 0.25, 0])


def test_discrete_levels_visit_each_time_once_with_the_clean_row_after_time_0() -> None:
    schedule = Discrete(np.array([0.1, 0.2, 0.3]))
    np.testing.assert_array_equal(schedule.times(3), [2, 1, 0])
    np.testing.assert_array_equal(schedule.times(2), [2, 0])
    np.testing.assert_array_equal(schedule.times(1), [2])
    np.testing.assert_allclose(schedule.levels(3).alpha ** 2, [0.9 * 0.8 * 0.7, 0.9 * 0.8, 0.9, 1.0])
    np.testing.assert_allclose(schedule.levels(3).sigma ** 2, [1 - 0.504, 1 - 0.72, 0.1, 0.0])
    for steps in range(1, 101):
        assert len(np.unique(Discrete(cosine_betas(100)).times(steps))) == steps


@pytest.mark.parametrize("steps", [0, -1, 101, 2.5, True, "many"])
def test_a_schedule_has_no_more_steps_than_it_has(steps: object) -> None:
    with pytest.raises(ValueError, match=r"Discrete: steps received .*>= 1 and <= 100.*schedule_steps"):
        make_schedule("cosine", 100).levels(steps)  # type: ignore[arg-type]
    if steps not in (101,):
        with pytest.raises(ValueError, match=r"EDMSchedule: steps received .* >= 1\. Fix"):
            EDMSchedule().levels(steps)  # type: ignore[arg-type]


def test_lists_of_times_are_visited_as_they_are() -> None:
    levels = Discrete(np.array([0.1, 0.2, 0.3])).levels_at([2, 0])
    np.testing.assert_allclose(levels.alpha**2, [0.9 * 0.8 * 0.7, 0.9, 1.0])
    np.testing.assert_allclose(levels.sigma**2, [1 - 0.504, 0.1, 0.0])
    levels = EDMSchedule().levels_at((80, 5.0, 0.1))
    np.testing.assert_array_equal((levels.alpha, levels.sigma), [[1, 1, 1, 1], [80, 5, 0.1, 0]])
    levels = Rectified().levels_at(np.array([1.0, 0.25]))
    np.testing.assert_array_equal((levels.alpha, levels.sigma), [[0, 0.75, 1], [1, 0.25, 0]])


@pytest.mark.parametrize("times", [[], [[2, 1]], [1, 1], [0, 2], [2.0, 0.5], [3, 1], [1, -1], ["a"], [np.nan]])
def test_lists_that_are_not_times_of_the_schedule_are_refused(times: list[Any]) -> None:
    with pytest.raises(ValueError, match=r"Discrete: steps received .*a falling list of whole times from 2 to 0"):
        Discrete(np.array([0.1, 0.2, 0.3])).levels_at(times)


@pytest.mark.parametrize("times", [[1.5, 0.5], [1.0, 0.0], [0.2, 0.3], [np.inf], [True]])
def test_rectified_times_lie_in_0_to_1(times: list[Any]) -> None:
    with pytest.raises(ValueError, match=r"Rectified: steps received .*times from 1 to above 0"):
        Rectified().levels_at(times)


def test_bad_lists_are_refused() -> None:
    with pytest.raises(ValueError, match="one length"):
        Levels(np.ones(3), np.ones(2))
    with pytest.raises(ValueError, match="both 0"):
        Levels(np.zeros(2), np.array([1.0, 0.0]))
    with pytest.raises(ValueError, match=r"\(0, 1\)"):
        Discrete(np.array([0.5, 1.0]))


def test_levels_drawn_to_train_on() -> None:
    uniform = tf.constant((np.arange(20_000) + 0.5) / 20_000, tf.float32)
    alpha, sigma = (v.numpy() for v in make_schedule("cosine", 50).draw(uniform))
    times, counts = np.unique(alpha, return_counts=True)
    assert len(times) == 50 and set(counts) == {400}
    np.testing.assert_allclose(alpha**2 + sigma**2, 1.0, rtol=1e-6)
    alpha, sigma = (v.numpy() for v in EDMSchedule().draw(uniform))
    assert np.log(sigma).mean() == pytest.approx(-1.2, abs=1e-3) and (alpha == 1).all()
    assert np.log(sigma).std() == pytest.approx(1.2, abs=1e-3)
    # Data twice as large are hidden by noise twice as large.
    _, twice = make_schedule("edm", 0, data_scale=1.0).draw(uniform)
    np.testing.assert_allclose(twice.numpy(), 2 * sigma, rtol=1e-5)
    alpha, sigma = (v.numpy() for v in Rectified().draw(tf.constant([0.0, 0.25])))
    np.testing.assert_allclose(sigma, [0.001, 0.25])
    assert np.isfinite(EDMSchedule().draw(tf.constant([0.0]))[1].numpy()).all()
