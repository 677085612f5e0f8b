"""Running moments equal those worked out by hand, and draws near latents have their neighbours' covariance."""

from __future__ import annotations

import math

import numpy as np
import pytest
import tensorflow as tf

from generative.autoencoder.priors.prior import EVERYWHERE, GaussianPrior, LocalPrior, neighbours_of

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


def test_draws_come_from_all_places_and_from_none_between() -> None:
    prior = LocalPrior(2, 0.9, KEPT, 10, 0.3)
    prior.update(tf.constant(two_places(400)))
    drawn = prior.sample(1000, np.random.default_rng(0))
    left = drawn[:, 0] < 0
    assert left.mean() == pytest.approx(0.75, abs=0.05)
    np.testing.assert_allclose(drawn[left].mean(axis=0), [-3, 0], atol=0.1)
    # Along the line between the places, a share of all latents' variance of 6.76 is spread everywhere.
    np.testing.assert_allclose(drawn[left].std(axis=0), [math.sqrt(EVERYWHERE * 6.76 + 0.01), 0.1], rtol=0.1)
    assert np.abs(drawn[:, 0]).min() > 0.5


def test_a_draw_has_the_covariance_of_its_latents_neighbours() -> None:
    # By hand: of a cross of five latents with two neighbours each the middle's offsets are (1, 0) and (-1, 0).
    latents = np.array([[0, 0], [1, 0], [-1, 0], [0, 2], [0, -2]], np.float64)
    offsets = neighbours_of(latents, np.array([0, 3]), 2)
    np.testing.assert_array_equal(np.sort(offsets[0], axis=0), [[-1, 0], [1, 0]])
    # Its own place is none of them.
    np.testing.assert_array_equal(offsets[1][0], [0, -2])
    prior = LocalPrior(2, 0.9, KEPT, 4, 0.3)
    prior.update(tf.constant(latents, tf.float32))
    # Each latent has the four others as neighbours: about x their mean square is 5 / 4 * (variance + x^2), over all
    # five 5 / 2 of the variance, which is (0.4, 1.6). A share of it adds to the latents' own, as does a share of that.
    drawn = prior.sample(40_000, np.random.default_rng(0))
    expected = np.array([0.4, 1.6]) * (1 + 0.3 * 2.5 + EVERYWHERE)
    np.testing.assert_allclose(drawn.var(axis=0), expected, rtol=0.03)
    np.testing.assert_allclose(drawn.mean(axis=0), [0, 0], atol=0.03)


def test_few_latents_are_neighbours_all_and_one_alone_tells_its_moments() -> None:
    prior, single = LocalPrior(2, 0.9, KEPT, 40, 0.3), GaussianPrior(2, 0.9)
    for each in (prior, single):
        each.update(tf.constant([[1.0, 2.0]]))
    np.testing.assert_array_equal(*(each.sample(5, np.random.default_rng(1)) for each in (prior, single)))
    prior.update(tf.constant([[1.0, 4.0]]))
    drawn = prior.sample(500, np.random.default_rng(1))
    # What never varies stays as it is.
    np.testing.assert_allclose(drawn[:, 0], 1.0, atol=1e-6)
    assert drawn[:, 1].mean() == pytest.approx(3.0, abs=0.2)


def test_each_label_has_neighbours_of_its_own() -> None:
    prior, latents = LocalPrior(2, 0.9, KEPT, 10, 0.3), two_places(400)
    prior.update(tf.constant(latents), tf.constant((latents[:, 0] > 0).astype(np.int32)))
    labels = np.arange(60) % 2
    drawn = prior.sample(60, np.random.default_rng(0), labels)
    np.testing.assert_allclose(drawn[:, 0], np.where(labels == 1, 3.0, -3.0), atol=0.6)
    # Nothing is known of the label 2: all latents are as good.
    assert np.isfinite(prior.sample(5, np.random.default_rng(0), np.full(5, 2))).all()


def test_a_local_prior_keeps_the_latest_latents_and_its_state() -> None:
    prior = LocalPrior(1, 0.9, KEPT, 5, 0.3)
    for start in range(0, 3 * KEPT, KEPT // 2 + 1):
        prior.update(tf.range(start, start + KEPT // 2 + 1, dtype=tf.float32)[:, None])
    last = 6 * (KEPT // 2 + 1)
    np.testing.assert_array_equal(np.sort(prior.latents.numpy()[:, 0]), np.arange(last - KEPT, last))
    other = LocalPrior(1, 0.9, KEPT, 5, 0.3)
    other.set_state(prior.get_state())
    drawn = [made.sample(8, np.random.default_rng(2)) for made in (prior, other)]
    np.testing.assert_array_equal(*drawn)
