"""On Gaussian data every sampler recovers mean and covariance, at the order of accuracy that its name promises."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable

import numpy as np
import pytest

from generative.diffusion.sampling.levels import Levels
from generative.diffusion.sampling.samplers import SAMPLERS, ddim, ddpm, dpm_solver, euler, heun, resample
from generative.diffusion.schedules import Discrete, EDMSchedule, Rectified, Schedule, cosine_betas, linear_betas
from tests.generative.diffusion import oracle

SCHEDULES: dict[str, Schedule] = {
    "linear": Discrete(linear_betas(1000)),
    "cosine": Discrete(cosine_betas(1000)),
    "edm": EDMSchedule(),
    "rectified": Rectified(),
}


def smooth(kind: str, steps: int) -> Levels:
    """Levels from noise to nearly clean rows that become dense everywhere as `steps` grows."""
    time = np.linspace(0.98, 0.02, steps + 1)
    if kind == "variance preserving":
        return Levels(np.cos(time * np.pi / 2), np.sin(time * np.pi / 2))
    if kind == "edm":
        return Levels(np.ones(steps + 1), 20.0 * time**3)
    return Levels(1.0 - time, time)


def order(sampler: Callable[[Levels], object], kind: str, steps: int = 64) -> float:
    """Measure the order: the binary logarithm of how much smaller the error is with twice the steps."""
    start = np.random.default_rng(0).standard_normal((16, 2))
    errors = []
    for number in (steps, 2 * steps):
        levels = smooth(kind, number)
        result = oracle.sampled(sampler(levels), start * levels.sigma[0])  # type: ignore[arg-type]
        errors.append(np.abs(result - oracle.flow(levels, start * levels.sigma[0])).max())
    return float(np.log2(errors[0] / errors[1]))


@pytest.mark.parametrize("kind", ["variance preserving", "edm", "rectified"])
@pytest.mark.parametrize(("name", "expected"), [("ddim", 1), ("euler", 1), ("heun", 2), ("dpm_solver", 2)])
def test_order_of_accuracy(name: str, expected: int, kind: str) -> None:
    assert order(SAMPLERS[name], kind) == pytest.approx(expected, abs=0.15)


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_mean_and_covariance_are_recovered(name: str, schedule: str) -> None:
    errors = []
    for steps in (50, 200):
        levels = SCHEDULES[schedule].levels(steps)
        mean, covariance = oracle.moments(SAMPLERS[name](levels), levels.sigma[0])
        errors.append(max(np.abs(mean - oracle.MEAN).max(), np.abs(covariance - oracle.COVARIANCE).max()))
    assert errors[0] < 0.1 and errors[1] < 0.03
    # More steps help until the noise that a schedule leaves at its end is all that is wrong (linear's alpha is 0.006).
    assert errors[1] < errors[0] or errors[1] < 0.006


@pytest.mark.parametrize("name", SAMPLERS)
def test_the_compiled_loop_draws_what_the_plan_says(name: str) -> None:
    levels = SCHEDULES["cosine"].levels(30)
    plan, count = SAMPLERS[name](levels), 40_000
    start = levels.sigma[0] * np.random.default_rng(1).standard_normal((count, 2))
    rows = oracle.sampled(plan, start.astype(np.float32))
    mean, covariance = oracle.moments(plan, levels.sigma[0])
    # Four standard errors of a mean, and of a variance.
    np.testing.assert_allclose(rows.mean(axis=0), mean, atol=4 * np.sqrt(0.5 / count))
    np.testing.assert_allclose(np.cov(rows.T), covariance, atol=4 * 0.5 * np.sqrt(2 / count))


def test_ddpm_by_hand() -> None:
    # Betas 0.1, 0.2: alpha_bar 0.9, 0.72. The posterior's variance at time 1 is beta (1 - 0.9) / (1 - 0.72).
    plan = ddpm(Discrete(np.array([0.1, 0.2])).levels(2))
    np.testing.assert_allclose(plan.noise**2, [0.2 * 0.1 / 0.28, 0.0], atol=1e-15)
    np.testing.assert_allclose(plan.keep, [np.sqrt(0.8) * 0.1 / 0.28, 0.0], atol=1e-15)
    np.testing.assert_allclose(plan.clean, [np.sqrt(0.9) * 0.2 / 0.28, 1.0])


def test_every_plan_ends_in_the_clean_row_without_noise() -> None:
    for name, sampler in SAMPLERS.items():
        for schedule in SCHEDULES.values():
            table = sampler(schedule.levels(7)).table()
            assert np.isfinite(table).all(), name
            np.testing.assert_allclose(table[-1, 2:], [1, 0, 0, 1, 0, 0, 0], atol=1e-12)


def test_the_next_level_comes_from_the_list() -> None:
    uneven = Levels(np.array([0.1, 0.3, 0.9, 1.0]), np.sqrt(1 - np.array([0.1, 0.3, 0.9, 1.0]) ** 2))
    for name, sampler in SAMPLERS.items():
        plan = sampler(uneven)
        visited = np.unique(plan.alpha_after)
        np.testing.assert_allclose(visited, [0.3, 0.9, 1.0], err_msg=name)


def test_names_that_are_one_sampler() -> None:
    for schedule in SCHEDULES.values():
        levels = schedule.levels(12)
        np.testing.assert_allclose(euler(levels).table(), ddim(levels).table(), atol=1e-12)
        np.testing.assert_allclose(ddim(levels, eta=1.0).table(), ddpm(levels).table(), atol=1e-12)


def test_network_calls() -> None:
    levels = EDMSchedule().levels(18)
    calls = {name: len(sampler(levels).alpha) for name, sampler in SAMPLERS.items()}
    # 35 is the number in table 2 of Karras et al.
    assert calls == {"ddpm": 18, "ddim": 18, "euler": 18, "heun": 35, "dpm_solver": 18}


def test_partial_noise_lies_between() -> None:
    levels = SCHEDULES["linear"].levels(20)
    none, half, all_of_it = (functools.partial(ddim, eta=eta)(levels).noise for eta in (0.0, 0.5, 1.0))
    assert (none == 0).all()
    np.testing.assert_allclose(half, all_of_it / 2)


@pytest.mark.parametrize("name", ["ddpm", "ddim", "euler"])
def test_making_each_step_several_times_keeps_the_distribution(name: str) -> None:
    levels = SCHEDULES["cosine"].levels(100)
    plan = SAMPLERS[name](levels)
    repeated = resample(plan, 3)
    assert len(repeated.alpha) == 300 and np.array_equal(resample(plan, 1).table(), plan.table())
    mean, covariance = oracle.moments(repeated, levels.sigma[0])
    np.testing.assert_allclose(mean, oracle.MEAN, atol=0.03)
    np.testing.assert_allclose(covariance, oracle.COVARIANCE, atol=0.05)


def test_heun_is_algorithm_1() -> None:
    sigma = np.array([3.0, 1.0, 0.0])
    x = np.array([[2.0, -1.0]])
    for now, after in itertools.pairwise(sigma):
        slope = (x - oracle.denoise(x, 1.0, now).numpy()) / now
        guess = x + (after - now) * slope
        if after > 0:
            slope = (slope + (guess - oracle.denoise(guess, 1.0, after).numpy()) / after) / 2
        x = x + (after - now) * slope
    np.testing.assert_allclose(oracle.sampled(heun(Levels(np.ones(3), sigma)), np.array([[2.0, -1.0]])), x)


def test_dpm_solver_by_hand() -> None:
    # Log-SNR / 2 at sigma 4, 2, 0.5 with alpha 1: steps log 2 and log 4, so r = 1/2 and D = 2 x0 - x0_last.
    plan = dpm_solver(Levels(np.ones(3), np.array([4.0, 2.0, 0.5])))
    np.testing.assert_allclose(plan.keep, [0.5, 0.25])
    np.testing.assert_allclose(plan.clean, [0.5, 0.75 * 2])
    np.testing.assert_allclose(plan.clean_last, [0.0, -0.75])
