"""Running moments equal those worked out by hand."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from generative.autoencoder.prior import GaussianPrior


def test_before_training_it_is_a_standard_normal() -> None:
    mean, covariance = GaussianPrior(3, 0.9).moments()
    np.testing.assert_array_equal(mean, np.zeros(3))
    np.testing.assert_array_equal(covariance, np.eye(3))


def test_one_batch_gives_its_own_moments() -> None:
    latents = np.random.default_rng(0).normal(2.0, 1.0, (50, 3)).astype(np.float32)
    prior = GaussianPrior(3, 0.9)
    prior.update(tf.constant(latents))
    mean, covariance = prior.moments()
    np.testing.assert_allclose(mean, latents.mean(axis=0), rtol=1e-4)
    np.testing.assert_allclose(covariance, np.cov(latents.T, bias=True), rtol=1e-3, atol=1e-4)


def test_old_batches_fade() -> None:
    prior = GaussianPrior(1, 0.75)
    for value in (1.0, 5.0):
        prior.update(tf.constant([[value]]))
    # Weights 0.25 * 0.75 and 0.25 of 1 and 5: mean 23 / 7, second moment 103 / 7.
    mean, covariance = prior.moments()
    np.testing.assert_allclose(mean, [23 / 7], rtol=1e-6)
    np.testing.assert_allclose(covariance, [[103 / 7 - (23 / 7) ** 2]], rtol=1e-5)


def test_samples_survive_directions_without_spread() -> None:
    prior = GaussianPrior(3, 0.9)
    prior.update(tf.constant([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]))
    np.testing.assert_allclose(prior.sample(4, np.random.default_rng(0)), [[1, 2, 3]] * 4, atol=5e-3)
