"""The bound is a bound: its divergence in closed form, tighter with more samples, and worth learning."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from sklearn.metrics import roc_auc_score

from generative import VAE, Batch
from generative.autoencoder.vae import kl_to_standard_normal, log_mean_exp, warm_up
from generative.datasets import load
from lab import Experiment
from tests.generative.tiny import images

SMALL: dict[str, Any] = {"hidden_sizes": (64,), "latent_size": 8, "learning_rate": 3e-3}
TINY: dict[str, Any] = {"hidden_sizes": (), "latent_size": 3, "batch_size": 8, "warmup_updates": 0}


@pytest.fixture(scope="module")
def trained() -> Experiment:
    """A small variational autoencoder after 600 updates on the digits."""
    made = Experiment(VAE(**SMALL), "digits", seed=1)
    made.train(600)
    return made


def built(**settings: Any) -> VAE:
    learner = Experiment(VAE(**{**TINY, **settings}), images(), seed=1).learner
    assert isinstance(learner, VAE)
    return learner


def batch(learner: VAE, number: int = 8) -> Batch:
    return Batch(tf.constant(learner.spec.normalise(images(number))), None)


def test_the_divergence_by_hand() -> None:
    # 1/2 (mean^2 + variance - log variance - 1)
    found = kl_to_standard_normal(tf.constant([0.0, 2.0, 0.0]), tf.constant([0.0, 0.0, math.log(4.0)]))
    np.testing.assert_allclose(found.numpy(), [0.0, 2.0, 0.5 * (3.0 - math.log(4.0))], rtol=1e-6)


def test_the_divergence_against_monte_carlo() -> None:
    mean, log_variance = np.array([0.7, -1.5]), np.array([-1.0, 0.6])
    noise = np.random.default_rng(0).standard_normal((400_000, 2))
    drawn = mean + np.exp(0.5 * log_variance) * noise
    # log q(z) - log p(z); the constants cancel.
    ratio = 0.5 * (drawn**2 - noise**2 - log_variance)
    exact = kl_to_standard_normal(tf.constant(mean), tf.constant(log_variance)).numpy()
    np.testing.assert_allclose(ratio.mean(axis=0), exact, atol=4 * ratio.std(axis=0).max() / np.sqrt(len(noise)))


def test_the_loss_sums_values_and_latents_and_averages_rows() -> None:
    learner = built(beta=2.5)
    data = batch(learner)
    loss, metrics, _ = learner.objective(data, learner.draws(data))
    assert float(loss) == pytest.approx(float(metrics["misfit"] + 2.5 * metrics["kl"]), rel=1e-5)
    assert float(metrics["nelbo"]) == pytest.approx(float(metrics["misfit"] + metrics["kl"]), rel=1e-5)
    mean, log_variance = learner.posterior(data.data)
    by_row = kl_to_standard_normal(mean, log_variance).numpy().sum(axis=1)
    assert float(metrics["kl"]) == pytest.approx(by_row.mean(), rel=1e-5)


def test_free_bits_are_free() -> None:
    dear, free = built(), built(free_nats=50.0)
    data = batch(dear)
    loss, metrics, _ = free.objective(data, free.draws(data))
    # Each of the three latents has less than 50 nats, and pays for 50.
    assert float(loss) == pytest.approx(float(metrics["misfit"]) + 150.0, rel=1e-5)
    weights = free.encoder.trainable_variables
    with tf.GradientTape() as tape:
        loss, metrics, _ = free.objective(data, free.draws(data))
        rest = loss - metrics["misfit"]
    gradients = tape.gradient(rest, weights, unconnected_gradients="zero")
    # Apart from rounding between the two ways to the misfit.
    assert float(tf.linalg.global_norm(gradients)) < 1e-3


def test_the_weight_of_the_divergence_rises_with_updates() -> None:
    assert [float(warm_up(tf.constant(n), 4)) for n in (0, 1, 4, 9)] == [0.0, 0.25, 1.0, 1.0]
    assert float(warm_up(tf.constant(0), 0)) == 1.0
    learner = built(beta=3.0, warmup_updates=4)
    seen = [float(learner.update(batch(learner))["beta"]) for _ in range(6)]
    assert seen == pytest.approx([0.0, 0.75, 1.5, 2.25, 3.0, 3.0])


def test_log_variances_are_clamped() -> None:
    learner = built()
    for weight in learner.encoder.trainable_variables:
        weight.assign(tf.fill(weight.shape, 1e4))
    assert float(tf.reduce_max(learner.posterior(batch(learner).data)[1])) == 10.0
    assert np.isfinite(learner.update(batch(learner))["loss"].numpy())


@pytest.mark.thorough
def test_bounds_are_tighter_with_more_samples(trained: Experiment) -> None:
    rows, learner = load("digits").test[:200], trained.learner
    elbo, _, divergence = learner.bounds(rows, 64, seed=1)
    iwae = [learner.bounds(rows, samples, seed=1)[1].mean() for samples in (1, 4, 16, 64)]
    assert (divergence > 0).all() and divergence.mean() > 3.0
    # With one sample it is a noisy evidence bound.
    assert iwae[0] == pytest.approx(elbo.mean(), abs=1.5)
    assert iwae[0] < iwae[1] < iwae[2] < iwae[3] and elbo.mean() < iwae[1]


def test_importance_weights_give_the_exact_probability_where_it_is_known() -> None:
    """A decoder that ignores its latents makes log p(x) known, whatever the encoder says."""
    learner = built(likelihood="bernoulli")
    for weight in learner.decoder.trainable_variables:
        weight.assign(tf.zeros(weight.shape))
    # Close to the prior, because weights have no variance where the encoder is less than half as wide.
    for weight in learner.encoder.trainable_variables:
        weight.assign(0.4 * weight)
    elbo, iwae, divergence = learner.bounds(images(6), 1_000, seed=0)
    np.testing.assert_allclose(elbo, 16 * math.log(0.5) - divergence, rtol=1e-5)
    np.testing.assert_allclose(iwae, np.full(6, 16 * math.log(0.5)), atol=0.1)
    assert divergence.max() > 0.1


def test_log_mean_exp_by_hand() -> None:
    values = np.array([[0.0, -1000.0], [math.log(3.0), -1000.0]])
    np.testing.assert_allclose(log_mean_exp(values), [math.log(2.0), -1000.0])


def test_it_learns(trained: Experiment) -> None:
    evaluation = trained.evaluate()
    assert evaluation.main == "nelbo" and not evaluation.higher_is_better("nelbo")
    assert evaluation.niwae < evaluation.nelbo
    # 17 equal levels would take 4.09 bits; the levels' own frequencies about 3.
    assert evaluation.bits_per_dimension == pytest.approx(evaluation.nelbo / 64 / math.log(2.0))
    assert evaluation.bits_per_dimension < 2.3
    assert evaluation.mse < 0.4 * evaluation.mse_mean and evaluation.sliced_wasserstein < 0.1


def test_noise_is_more_surprising_than_digits(trained: Experiment) -> None:
    rows = load("digits").test
    noise = np.random.default_rng(0).permuted(rows.reshape(len(rows), -1), axis=1).reshape(rows.shape)
    scores = np.concatenate([trained.learner.anomaly_score(rows), trained.learner.anomaly_score(noise)])
    assert scores.dtype == np.float64
    assert roc_auc_score(np.repeat([0, 1], len(rows)), scores) > 0.98


def test_rows_do_not_depend_on_the_rows_beside_them(trained: Experiment) -> None:
    rows, learner = load("digits").test, trained.learner
    np.testing.assert_allclose(learner.encode(rows[:5]), learner.encode(rows)[:5], rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(learner.sample(9, 5), learner.sample(9, 5))
    assert learner.reconstruct(rows).dtype == np.uint8


@pytest.mark.thorough
@pytest.mark.parametrize("likelihood", ["gaussian", "bernoulli"])
def test_other_likelihoods_train(likelihood: str) -> None:
    rows = np.random.default_rng(0).random((40, 5, 5)).astype(np.float32)
    made = Experiment(VAE(**{**TINY, "likelihood": likelihood}), rows, seed=1, log_every=20)
    history = made.train(60)
    assert history.rows[-1]["loss"] < history.rows[0]["loss"]
    assert made.learner.reconstruct(rows).dtype == np.float32


@pytest.mark.thorough
@pytest.mark.parametrize("upsampling", ["transpose", "nearest"])
def test_convolutions_take_images_of_odd_sides(upsampling: str) -> None:
    rows = images(40, (7, 10))
    made = Experiment(
        VAE(architecture="conv", filters=(4, 6), upsampling=upsampling, latent_size=3, warmup_updates=0), rows, seed=1
    )
    history = made.train(60)
    assert made.learner.compile == "graph" and history.rows[-1]["loss"] < history.rows[0]["loss"]
    assert made.learner.reconstruct(rows).shape == rows.shape
    names = {type(layer).__name__ for layer in made.learner.decoder.layers}
    assert ("Conv2DTranspose" in names) == (upsampling == "transpose")
