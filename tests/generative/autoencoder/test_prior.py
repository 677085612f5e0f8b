"""Running moments equal those worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from generative.autoencoder.prior import LEAST_SHARE, GaussianPrior, MixturePrior

KEPT = 512


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


def two_places(rows: int) -> np.ndarray:
    """Latents around (-3, 0) and (3, 0), three of the first for one of the second."""
    rng = np.random.default_rng(0)
    return (np.where(np.arange(rows)[:, None] % 4 < 3, [-3, 0], [3, 0]) + 0.1 * rng.normal(size=(rows, 2))).astype("f4")


def test_a_mixture_draws_from_all_places_and_from_none_between() -> None:
    prior = MixturePrior(2, 0.9, 2, KEPT)
    prior.update(tf.constant(two_places(400)))
    drawn = prior.sample(1000, np.random.default_rng(0))
    left = drawn[:, 0] < 0
    assert left.mean() == pytest.approx(0.75, abs=0.05)
    np.testing.assert_allclose(drawn[left].mean(axis=0), [-3, 0], atol=0.03)
    np.testing.assert_allclose(drawn[~left].std(axis=0), [0.1, 0.1], atol=0.02)
    assert np.abs(drawn[:, 0]).min() > 2


def test_a_mixture_of_few_latents_has_fewer_gaussians() -> None:
    few, single = MixturePrior(2, 0.9, 30, KEPT), GaussianPrior(2, 0.9)
    for prior in (few, single):
        prior.update(tf.constant(two_places(2 * LEAST_SHARE - 1)))
    drawn = [prior.sample(5, np.random.default_rng(1)) for prior in (few, single)]
    np.testing.assert_array_equal(*drawn)
    few.update(tf.constant(two_places(2 * LEAST_SHARE)))
    few.sample(5, np.random.default_rng(1))
    assert few.fitted[0][1].n_components == (4 * LEAST_SHARE - 1) // (2 * LEAST_SHARE)


def test_each_label_has_a_mixture_of_its_own() -> None:
    prior, latents = MixturePrior(2, 0.9, 3, KEPT), two_places(400)
    prior.update(tf.constant(latents), tf.constant((latents[:, 0] > 0).astype(np.int32)))
    labels = np.arange(60) % 2
    drawn = prior.sample(60, np.random.default_rng(0), labels)
    np.testing.assert_array_equal(drawn[:, 0] > 0, labels == 1)
    # Nothing is known of the label 2: all latents are as good.
    assert np.isfinite(prior.sample(5, np.random.default_rng(0), np.full(5, 2))).all()


def test_a_mixture_keeps_the_latest_latents_and_its_state() -> None:
    prior = MixturePrior(1, 0.9, 2, KEPT)
    for start in range(0, 3 * KEPT, KEPT // 2 + 1):
        prior.update(tf.range(start, start + KEPT // 2 + 1, dtype=tf.float32)[:, None])
    last = 6 * (KEPT // 2 + 1)
    np.testing.assert_array_equal(np.sort(prior.latents.numpy()[:, 0]), np.arange(last - KEPT, last))
    other = MixturePrior(1, 0.9, 2, KEPT)
    other.set_state(prior.get_state())
    drawn = [made.sample(8, np.random.default_rng(2)) for made in (prior, other)]
    np.testing.assert_array_equal(*drawn)
