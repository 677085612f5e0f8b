"""A VQ-VAE restores and draws digits through codes, and comes back whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from generative import VQVAE, Batch
from generative.datasets import load
from lab import Experiment
from tests.generative.tiny import images, same

TINY: dict[str, Any] = {"latent_size": 3, "codes": 8, "channels": 4, "prior_units": 4, "batch_size": 8}


@pytest.fixture(scope="module")
def trained() -> Experiment:
    made = Experiment(VQVAE(codes=32, channels=16, prior_units=32, learning_rate=4e-3), "digits", seed=1)
    made.train(300)
    return made


@pytest.mark.thorough
def test_it_learns_to_restore_and_to_foresee(trained: Experiment) -> None:
    evaluation = trained.evaluate()
    assert evaluation.mse < 0.35 * evaluation.mse_mean
    assert 8 < evaluation.perplexity <= 32
    # Sixteen codes that nothing foresees would take 80 bits.
    assert evaluation.code_bits < 62
    assert evaluation.sliced_wasserstein < 0.15


@pytest.mark.thorough
def test_codes_are_whole_numbers_on_a_grid(trained: Experiment) -> None:
    learner, rows = trained.learner, load("digits").test
    codes = learner.encode(rows)
    assert codes.shape == (360, 4, 4) and codes.dtype == np.int32 and codes.min() >= 0 and codes.max() < 32
    np.testing.assert_array_equal(learner.encode(rows[:7]), codes[:7])
    restored = learner.reconstruct(rows)
    assert restored.shape == rows.shape and restored.dtype == np.uint8
    np.testing.assert_array_equal(learner.sample(5, 3), learner.sample(5, 3))
    assert not np.array_equal(learner.sample(5, 3), learner.sample(5, 4))


def test_gradients_pass_straight_through_the_choice_of_a_code() -> None:
    learner: Any = Experiment(VQVAE(commitment=0.0, **TINY), images(), seed=1).learner
    learner.update(Batch(tf.constant(learner.spec.normalise(images(8))), None))
    data = tf.constant(learner.spec.normalise(images(8)))
    with tf.GradientTape() as tape:
        loss, *_ = learner.objective(Batch(data, None), ())
    gradients = tape.gradient(loss, learner.encoder.trainable_variables)
    assert all(g is not None for g in gradients) and float(tf.linalg.global_norm(gradients)) > 0


def test_the_model_of_grids_has_no_influence_on_the_codes() -> None:
    learner: Any = Experiment(VQVAE(**TINY), images(), seed=1).learner
    data = tf.constant(learner.spec.normalise(images(8)))
    with tf.GradientTape(persistent=True) as tape:
        loss, metrics, _ = learner.objective(Batch(data, None), ())
    for model in (learner.encoder, learner.decoder):
        assert tape.gradient(metrics["code_nats"], model.trainable_variables) == [None] * len(model.trainable_variables)
    assert all(g is not None for g in tape.gradient(loss, learner.code_prior.trainable_variables))


@pytest.mark.parametrize(("shape", "grid"), [((4, 4, 1), (2, 2)), ((28, 28), (7, 7)), ((9, 33, 3), (2, 5))])
def test_images_are_halved_until_the_grid_is_small(shape: tuple[int, ...], grid: tuple[int, int]) -> None:
    learner: Any = Experiment(VQVAE(**TINY), images(12, shape), seed=1).learner
    assert learner.grid == grid
    assert learner.sample(3).shape == (3, *shape)


@pytest.mark.thorough
def test_resume_is_exact_whatever_keras_has_named_its_layers(tmp_path: Path) -> None:
    whole = Experiment(VQVAE(**TINY), images(), seed=2)
    whole.train(60)
    part = Experiment(VQVAE(**TINY), images(), seed=2, run_dir=tmp_path / "part")
    part.train(35)
    # Names of layers end in how many there have been, and embedding_10 sorts before embedding_9.
    for _ in range(7):
        keras.layers.Embedding(2, 2)
    resumed = Experiment.resume(tmp_path / "part", source=images())
    resumed.train(25)
    assert same(resumed.learner.get_state(), whole.learner.get_state())


def test_what_does_not_fit_is_refused(trained: Experiment) -> None:
    with pytest.raises(ValueError, match=r"VQVAE received rows of shape \(2,\); expected images"):
        Experiment(VQVAE(**TINY), np.random.default_rng(0).normal(size=(50, 2)))
    with pytest.raises(ValueError, match=r"codes received 'float64 \(3, 4, 4\)'; expected whole numbers of shape"):
        trained.learner.decode(np.zeros((3, 4, 4)))
    with pytest.raises(ValueError, match=r"values in \[32, 32\].*\[0, 31\]"):
        trained.learner.decode(np.full((3, 4, 4), 32))
    with pytest.raises(ValueError, match="still picture only"):
        trained.render("samples.gif")
