"""Likelihoods are those worked out by hand, add up to 1, and lose no digits far from the mean."""

from __future__ import annotations

import math

import numpy as np
import pytest
import tensorflow as tf

from generative import DataSpec
from generative.autoencoder.networks import likelihoods

WIDTH = 2.0 / 16


def levels() -> np.ndarray:
    return (np.arange(17) / 8.0 - 1.0).astype(np.float32)


@pytest.mark.parametrize(("mean", "scale"), [(0.1, 0.2), (-1.4, 0.05), (0.9, 3.0), (0.0, 0.01)])
def test_the_probabilities_of_all_levels_add_up_to_one(mean: float, scale: float) -> None:
    logs = likelihoods.discretised_logistic(tf.constant(levels()), tf.fill([17], mean), tf.constant(scale), WIDTH)
    assert np.exp(logs.numpy().astype(np.float64)).sum() == pytest.approx(1.0, abs=1e-5)


def test_a_level_has_what_the_logistic_distribution_has_around_it() -> None:
    def sigmoid(x: float) -> float:
        return 1.0 / (1.0 + math.exp(-x))

    data = tf.constant([-1.0, 0.25, 1.0])
    logs = likelihoods.discretised_logistic(data, tf.fill([3], 0.5), tf.constant(0.25), WIDTH)
    half = WIDTH / 2
    expected = [
        math.log(sigmoid((-1.5 + half) / 0.25)),
        math.log(sigmoid((-0.25 + half) / 0.25) - sigmoid((-0.25 - half) / 0.25)),
        math.log(1.0 - sigmoid((0.5 - half) / 0.25)),
    ]
    np.testing.assert_allclose(logs.numpy(), expected, rtol=1e-5)


def test_far_from_the_mean_it_stays_finite_with_a_gradient() -> None:
    mean = tf.Variable([50.0, -50.0, 0.0])
    with tf.GradientTape() as tape:
        logs = likelihoods.discretised_logistic(tf.zeros(3), mean, tf.constant(1e-3), WIDTH)
    gradient = tape.gradient(logs, mean)
    assert np.isfinite(logs.numpy()).all() and np.isfinite(gradient.numpy()).all()
    # Both tails fall by one nat a scale.
    np.testing.assert_allclose(gradient.numpy()[:2], [-1000.0, 1000.0], rtol=1e-3)


def test_gaussian_and_bernoulli_by_hand() -> None:
    value = likelihoods.gaussian(tf.constant(1.0), tf.constant(0.0), tf.constant(2.0))
    assert float(value) == pytest.approx(-0.125 - math.log(2.0) - 0.5 * math.log(2.0 * math.pi))
    # Logit log 3 is a probability of 3/4.
    logits = tf.fill([3], math.log(3.0))
    values = likelihoods.bernoulli(tf.constant([1.0, -1.0, 0.0]), logits).numpy()
    np.testing.assert_allclose(values, [math.log(0.75), math.log(0.25), 0.5 * math.log(0.75 * 0.25)], rtol=1e-6)


def test_a_rows_log_probability_is_the_sum_over_its_values() -> None:
    data, outputs = tf.zeros((3, 4, 5, 2)), tf.zeros((3, 4, 5, 2))
    found = likelihoods.Likelihood("bernoulli").log_prob(data, outputs, tf.constant(0.0))
    np.testing.assert_allclose(found.numpy(), np.full(3, 40 * math.log(0.5)), rtol=1e-6)


def test_means_are_rows() -> None:
    assert float(likelihoods.Likelihood("bernoulli").mean(tf.constant(math.log(3.0)))) == pytest.approx(0.5)
    assert float(likelihoods.Likelihood("gaussian").mean(tf.constant(0.3))) == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("dtype", "bounded", "kind"),
    [("uint8", True, "discretised"), ("bool", True, "bernoulli"), ("float32", True, "gaussian")],
)
def test_auto_takes_what_suits_the_data(dtype: str, bounded: bool, kind: str) -> None:
    spec = DataSpec((2,), dtype, 0.0, 1.0 if dtype != "uint8" else 16.0, bounded=bounded)
    found = likelihoods.choose("auto", spec, "VAE")
    assert found.kind == kind and found.width == (WIDTH if kind == "discretised" else 0.0)


def test_what_the_data_cannot_have_is_refused() -> None:
    points = DataSpec((2,), "float32", -4.0, 6.0, bounded=False)
    for name in ("discretised", "bernoulli"):
        with pytest.raises(ValueError, match=f"VAE: likelihood received '{name}'; expected 'gaussian'"):
            likelihoods.choose(name, points, "VAE")
