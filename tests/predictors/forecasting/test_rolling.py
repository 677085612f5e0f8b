"""Going on step by step, beside what is known of an autoregression."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import norm

from predictors.forecasting.rolling import drawn, draws, over_paths, rolled

LEVELS = (0.1, 0.5, 0.9)
Z = float(norm.ppf(0.9))


def test_numbers_drawn_of_a_normal_distribution_are_exact() -> None:
    normal = np.linspace(-3.0, 3.0, 41, dtype=np.float32)
    quantiles = np.tile(2.0 + 0.5 * norm.ppf(LEVELS), (41, 1)).astype(np.float32)
    np.testing.assert_allclose(drawn(quantiles, LEVELS, normal), 2.0 + 0.5 * normal, rtol=1e-5)


def test_numbers_between_quantiles_lie_between_them() -> None:
    quantiles = tf.constant([[0.0, 1.0, 4.0]])
    for z, expected in ((-Z, 0.0), (0.0, 1.0), (Z / 2, 2.5), (Z, 4.0), (2 * Z, 7.0), (-2 * Z, -1.0)):
        assert drawn(quantiles, LEVELS, tf.constant([z])).numpy() == pytest.approx([expected], abs=1e-5)
    assert drawn(quantiles[:, 1:2], (0.5,), tf.constant([1.0])).numpy() == [1.0]


def test_quantiles_over_paths_are_numpys() -> None:
    values = np.random.default_rng(0).normal(size=(3, 5, 17)).astype(np.float32)
    expected = np.moveaxis(np.quantile(values, (0.05, 0.5, 1.0), axis=-1), 0, -1)
    np.testing.assert_allclose(over_paths(tf.constant(values), (0.05, 0.5, 1.0)), expected, rtol=1e-4, atol=1e-6)


def test_draws_come_with_their_negatives() -> None:
    found = draws(np.random.default_rng(0), 3, 8, 2)
    assert found.shape == (3, 8, 2)
    np.testing.assert_allclose(found[:, :4], -found[:, 4:])


def test_an_autoregression_has_the_quantiles_of_its_formula() -> None:
    # y(t + 1) = 0.8 y(t) + e: h steps ahead normal, mean 0.8^h y and variance (1 - 0.8^2h) / (1 - 0.8^2).
    spread = tf.constant(norm.ppf(LEVELS), tf.float32)

    def step(past: tf.Tensor, future: tf.Tensor | None) -> tf.Tensor:
        assert future is None
        return (0.8 * past[:, -1:, :, None]) + spread

    past = tf.constant([[[0.0], [5.0]], [[0.0], [-2.0]]])
    found = rolled(step, past, None, draws(np.random.default_rng(0), 6, 4_000, 1), LEVELS).numpy()
    assert found.shape == (2, 6, 1, 3)
    h = np.arange(1, 7)
    deviation = np.sqrt((1 - 0.8 ** (2 * h)) / (1 - 0.8**2))
    expected = 0.8 ** h[None, :, None] * np.array([5.0, -2.0])[:, None, None] + deviation[:, None] * norm.ppf(LEVELS)
    np.testing.assert_allclose(found[:, :, 0], expected, atol=0.12)


def test_what_is_known_of_steps_ahead_is_used_at_its_step_and_seen_after_it() -> None:
    def step(past: tf.Tensor, future: tf.Tensor | None) -> tf.Tensor:
        # The step's own covariate, and that of the step before.
        return (future[:, 0, 0] + 10.0 * past[:, -1, 1])[:, None, None, None]

    past = tf.constant([[[0.0, 7.0], [0.0, 9.0]]])
    future = tf.constant([[[1.0], [2.0], [3.0]]])
    found = rolled(step, past, future, draws(np.random.default_rng(0), 3, 10, 1), (0.5,))
    np.testing.assert_allclose(found[0, :, 0, 0], [91.0, 12.0, 23.0])
