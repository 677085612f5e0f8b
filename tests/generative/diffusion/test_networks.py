"""What a network that predicts noise begins with."""

from __future__ import annotations

import math

import numpy as np
import pytest
import tensorflow as tf

from generative.data.dataset import DataSpec
from generative.diffusion.networks import NoiseGuess, make_network
from generative.diffusion.settings import DiffusionSettings

POINTS = DataSpec((2,), "float32", -1.0, 1.0)


@pytest.mark.parametrize(("alpha", "sigma", "scale"), [(0.8, 0.6, 0.5), (1.0, 3.0, 2.0), (0.1, 0.995, 1.0)])
def test_the_noise_in_normal_rows_is_guessed_from_their_scale(alpha: float, sigma: float, scale: float) -> None:
    x = np.array([[0.3, -1.2]], np.float32)
    total = math.sqrt((scale * alpha) ** 2 + sigma**2)
    level = np.array([math.log(sigma / alpha) / 4.0], np.float32)
    guess = NoiseGuess(scale)
    # E[noise | x] of two normal numbers that add up to x.
    np.testing.assert_allclose(guess(np.zeros_like(x), x / total, level), sigma / total**2 * x, rtol=1e-5)
    # And the deviation of what is left.
    left = guess(np.ones_like(x), x / total, level) - guess(np.zeros_like(x), x / total, level)
    np.testing.assert_allclose(left, scale * alpha / total, rtol=1e-4)


def test_only_a_network_that_predicts_noise_begins_with_the_guess() -> None:
    x = tf.constant([[0.3, -1.2]])
    for prediction, expected in (("v", 0.0), ("eps", 0.5 / 0.5 * x)):
        config = DiffusionSettings(prediction=prediction, network="mlp", hidden_sizes=(4,), data_scale=1.0)
        network = make_network(config, POINTS, 0, seed=0)
        # Of unit scale, at a ratio of noise to signal of 1.
        seen = network([x / math.sqrt(0.5), tf.zeros(1)])
        np.testing.assert_allclose(seen, expected + 0.0 * x, rtol=1e-5)
