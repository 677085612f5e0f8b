"""Each row that is drawn has random numbers of its own, however many are drawn at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from generative import GAN, VAE, VQVAE, Autoencoder, ConditionalGAN, ConditionalVAE, Diffusion
from generative.autoencoder.priors.prior import GaussianPrior, LocalPrior, StandardNormal
from generative.diffusion.sampling import sampling
from lab import Experiment
from tests.generative.tiny import images

COUNTS = (1, 3, 8, 300)
LABELS = np.array([10, 20, 30, 20] * 10)
TINY: dict[Any, dict[str, Any]] = {
    Autoencoder: {"hidden_sizes": (8,)},
    VAE: {"hidden_sizes": (8,)},
    ConditionalVAE: {"hidden_sizes": (8,)},
    VQVAE: {"channels": 4, "prior_units": 8},
    GAN: {"network": "dense", "hidden_sizes": (8,)},
    ConditionalGAN: {"network": "dense", "hidden_sizes": (8,)},
    Diffusion: {"network": "mlp", "hidden_sizes": (8,), "steps": 4},
}
LEARNERS: dict[Any, Any] = {}


def learner(kind: Any) -> Any:
    """Return a learner with random weights that has met some latents and labels, without the cost of training it."""
    if kind not in LEARNERS:
        made: Any = Experiment(kind(batch_size=8, **TINY[kind]), (images(), LABELS), seed=1).learner
        latents = np.random.default_rng(0).normal(size=(60, 32)).astype(np.float32)
        if kind in (Autoencoder, VAE, ConditionalVAE):
            made.prior.update(latents[:, : made.config.latent_size], np.arange(60, dtype=np.int32) % 3)
        for name in ("label_counts", "class_counts"):
            counts = getattr(made, name, None)
            if counts is not None and counts.shape == (3,):
                counts.assign([1.0, 2.0, 3.0])
        LEARNERS[kind] = made
    return LEARNERS[kind]


@pytest.mark.parametrize("seed", [5, None])
@pytest.mark.parametrize("kind", TINY)
def test_a_row_does_not_depend_on_how_many_are_drawn(kind: Any, seed: int | None) -> None:
    model = learner(kind)
    most = model.sample(COUNTS[-1], seed=seed)
    for count in COUNTS[:-1]:
        np.testing.assert_array_equal(model.sample(count, seed=seed), most[:count])
    assert len({row.tobytes() for row in most[:20]}) > 10 or kind is VQVAE


@pytest.mark.parametrize("kind", [ConditionalVAE, ConditionalGAN, Diffusion])
def test_a_row_depends_on_its_own_label_alone(kind: Any) -> None:
    model = learner(kind)
    same = model.sample(6, seed=5, labels=[10, 20, 30, 10, 20, 30])
    np.testing.assert_array_equal(model.sample(3, seed=5, labels=[10, 20, 10])[:2], same[:2])
    np.testing.assert_array_equal(model.sample(6, seed=5, labels=20)[[1, 4]], same[[1, 4]])


@pytest.mark.parametrize("sampler", ["ddpm", "dpm_solver"])
def test_noise_on_the_way_is_the_rows_own(sampler: str) -> None:
    model = learner(Diffusion)
    most = model.sample_path(300, seed=5, sampler=sampler)
    few = model.sample_path(3, seed=5, sampler=sampler)
    np.testing.assert_array_equal(few[0], most[0, :3])
    np.testing.assert_allclose(few, most[:, :3], atol=1e-4)


@pytest.mark.parametrize("size", [1, 5, 49])
def test_the_noise_of_a_batch_begins_alike_for_every_size_of_it(size: int) -> None:
    seed = tf.constant([3, 4])
    most = sampling._normal(tf.zeros((256, size)), seed, tf.constant(7)).numpy()
    for count in (1, 2, 7, 64):
        np.testing.assert_array_equal(sampling._normal(tf.zeros((count, size)), seed, tf.constant(7)), most[:count])
    assert abs(np.corrcoef(most[:-1, 0], most[1:, 0])[0, 1]) < 0.2


def test_filled_and_cleaned_rows_do_not_depend_on_those_beside_them() -> None:
    model, rows = learner(Diffusion), images()
    mask = np.zeros((4, 4), bool)
    mask[:2] = True
    most = model.inpaint(rows, mask, seed=2, labels=20)
    np.testing.assert_array_equal(model.inpaint(rows[:3], mask, seed=2, labels=20), most[:3])
    most = model.denoise(rows, 0.5, seed=2, sampler="ddpm")
    np.testing.assert_array_equal(model.denoise(rows[:3], 0.5, seed=2, sampler="ddpm"), most[:3])
    ways = model.interpolate(rows[:4], rows[4:8], 3)
    np.testing.assert_array_equal(model.interpolate(rows[:1], rows[4:5], 3), ways[:1])


def test_bounds_and_scores_of_a_row_do_not_depend_on_those_beside_it() -> None:
    model, rows = learner(VAE), images()
    np.testing.assert_allclose(model.anomaly_score(rows)[:3], model.anomaly_score(rows[:3]), rtol=1e-5)


@pytest.mark.parametrize("prior", [StandardNormal(3), GaussianPrior(3, 0.9), LocalPrior(3, 0.9, 50, 4, 0.6)])
def test_latents_are_equal_to_the_bit(prior: Any) -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(40, dtype=np.int32) % 3
    prior.update(tf.constant(rng.normal(size=(40, 3)), tf.float32), tf.constant(labels))
    for told in (None, labels):
        most = prior.sample(40, np.random.default_rng(5), told)
        for count in (0, 1, 5, 33):
            few = prior.sample(count, np.random.default_rng(5), None if told is None else told[:count])
            np.testing.assert_array_equal(few, most[:count])


def test_seeds_and_streams_differ() -> None:
    model = learner(GAN)
    drawn = [model.rng(seed, stream).random() for seed in (None, 0, 1) for stream in (0, 1, 2)]
    assert len(set(drawn)) == 9
    assert model.rng(3).random() == np.random.default_rng(3).random()
    assert model.rng(None).random() == model.seeds.generator("sampling").random()
