"""The ELBO meets the entropy of Gaussian data, whose best denoiser is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from generative.diffusion.likelihood import bits_per_dimension, coarse, even_levels, log_likelihood, step_weights
from generative.diffusion.sampling.editing import slerp
from generative.diffusion.sampling.levels import Levels
from generative.diffusion.schedules import (
    Discrete,
    EDMSchedule,
    Rectified,
    Schedule,
    cosine_betas,
    linear_betas,
    stratified,
)

VARIANCE = 0.09


def clean(x: np.ndarray, alpha: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    alpha, sigma = alpha[:, None], sigma[:, None]
    return alpha * VARIANCE / (alpha**2 * VARIANCE + sigma**2) * x


SCHEDULES = [Discrete(linear_betas(1000)), Discrete(cosine_betas(1000)), EDMSchedule(), Rectified()]


def gaussian(count: int = 2_000) -> np.ndarray:
    return (math.sqrt(VARIANCE) * np.random.default_rng(0).standard_normal((count, 4))).astype(np.float32)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_bound_is_the_entropy_of_gaussian_data(schedule: Schedule) -> None:
    entropy = 0.5 * math.log2(2 * math.pi * math.e * VARIANCE)
    bound = bits_per_dimension(clean, gaussian(), even_levels(schedule), None, 16, np.random.default_rng(1))
    assert bound == pytest.approx(entropy, abs=0.04)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_estimate_is_the_sum_over_all_steps(schedule: Schedule) -> None:
    levels = schedule.levels(200)
    alpha, sigma = levels.alpha[:-1], levels.sigma[:-1]
    # The expected squared error of the best denoiser is the posterior's variance.
    error = VARIANCE * sigma**2 / (alpha**2 * VARIANCE + sigma**2)
    steps = (np.diff((alpha / sigma) ** 2) / 2 * error[:-1]).sum()
    prior = VARIANCE * (alpha[0] / sigma[0]) ** 2 / 2
    deviation = sigma[-1] / alpha[-1]
    last = error[-1] / (2 * deviation**2) + math.log(deviation * math.sqrt(2 * math.pi))
    bound = bits_per_dimension(clean, gaussian(), levels, None, 32, np.random.default_rng(1))
    assert bound == pytest.approx((steps + prior + last) / math.log(2), abs=0.05)


def test_whole_numbers_cost_their_entropy() -> None:
    width, rng = 0.25, np.random.default_rng(0)
    values = np.linspace(-1, 1, 9)
    shares = np.exp(-(values**2) / (2 * VARIANCE))
    shares /= shares.sum()
    rows = rng.choice(values, (2_000, 4), p=shares).astype(np.float32)

    def posterior(x: np.ndarray, alpha: np.ndarray, sigma: np.ndarray) -> np.ndarray:
        far = (x[..., None] - alpha[:, None, None] * values) / sigma[:, None, None]
        logits = np.log(shares) - far**2 / 2
        weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
        return (weights * values).sum(axis=-1) / weights.sum(axis=-1)

    entropy = -(shares * np.log2(shares)).sum()
    levels = even_levels(Discrete(cosine_betas(1000)))
    bound = bits_per_dimension(posterior, rows, levels, width, 16, rng)
    # Taking the last step for a normal one costs a little.
    assert entropy - 0.03 < bound < entropy + 0.1


def test_step_weights_by_hand() -> None:
    levels = Levels(np.sqrt([0.1, 0.5, 0.9, 1.0]), np.sqrt([0.9, 0.5, 0.1, 0.0]))
    np.testing.assert_allclose(step_weights(levels), [(1 - 1 / 9) / 2, (9 - 1) / 2])


def test_bins_fill_the_line() -> None:
    values = np.linspace(-1, 1, 17)
    for mean, deviation in ((0.0, 0.3), (0.9, 0.05), (-3.0, 0.002)):
        logs = log_likelihood(values[:, None], np.full((17, 1), mean), deviation, 0.125)
        assert np.isfinite(logs).all() and np.exp(logs).sum() == pytest.approx(1.0, abs=1e-9)
    # P(-0.0625 < 0.1 Z < 0.0625)
    middle = log_likelihood(np.zeros((1, 1)), np.zeros((1, 1)), 0.1, 0.125)
    assert np.exp(middle[0, 0]) == pytest.approx(math.erf(0.625 / math.sqrt(2)))
    density = log_likelihood(np.ones((1, 1)), np.zeros((1, 1)), 2.0, None)
    assert density[0, 0] == pytest.approx(-0.125 - math.log(2 * math.sqrt(2 * math.pi)))


def test_levels_far_below_the_distance_of_values_are_left_out() -> None:
    levels = coarse(EDMSchedule().levels(1000), 0.1)
    assert levels.sigma[-1] == 0 and 0.025 <= levels.sigma[-2] < 0.026


def test_levels_are_spread_over_the_whole_range() -> None:
    numbers = np.sort(stratified(0.83, 8).numpy())
    np.testing.assert_allclose(np.diff(numbers), 0.125, atol=1e-6)
    assert numbers[0] >= 0 and numbers[-1] < 1


def test_ways_on_the_sphere() -> None:
    first, second = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])
    half = math.sqrt(0.5)
    np.testing.assert_allclose(
        slerp(first, second, np.array([0, 0.5, 1]))[0], [[1, 0], [half, half], [0, 1]], atol=1e-12
    )
    np.testing.assert_allclose(slerp(first, first, np.array([0.3]))[0], first)
