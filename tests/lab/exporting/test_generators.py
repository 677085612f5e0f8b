"""Generators' files give what the generators do, of the user's own rows, run by their own runtimes."""

import numpy as np
import pytest

from generative import GAN, VQVAE, Autoencoder, ConditionalVAE, Diffusion
from generative.datasets import from_arrays
from lab import Experiment, UsageError
from tests.lab.exporting.learnt import FLOATS, run, with_weights, written


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("exports")


@pytest.fixture(scope="module")
def autoencoder():
    experiment = Experiment(Autoencoder(), "digits", seed=1, progress=False)
    experiment.train(100)
    return experiment


@pytest.fixture(scope="module")
def gan():
    rows = np.random.default_rng(0).uniform(-3.0, 5.0, (80, 3)).astype(np.float32)
    source = from_arrays(rows, np.tile([2, 5, 9, 5], 20))
    return with_weights(GAN(conditional=True, hidden_sizes=(16,)), source)


@pytest.mark.thorough
@pytest.mark.parametrize("name", FLOATS)
def test_a_file_of_an_autoencoder_reconstructs_raw_rows(autoencoder, folder, name):
    rows = autoencoder.task.views[0].test
    given = run(name, written(autoencoder, folder, name), rows=rows)
    assert given.dtype == rows.dtype == np.uint8
    apart = np.abs(given.astype(int) - autoencoder.learner.reconstruct(rows).astype(int))
    # A value that lies between two whole numbers may be rounded either way.
    assert apart.max() <= 1 and (apart > 0).mean() < 1e-3


@pytest.mark.thorough
def test_an_autoencoder_in_8_bits_takes_a_third_and_is_off_by_half_a_step(autoencoder, tmp_path):
    exported = autoencoder.export(tmp_path / "a.tflite", format="litert-int8")
    whole = autoencoder.export(tmp_path / "b.tflite", format="litert")
    assert 0 < exported.mean_difference <= 0.5 and whole.mean_difference < 1e-3
    assert exported.rows[1].size_bytes < 0.4 * whole.rows[1].size_bytes
    assert exported.main == "" and exported.greatest == 16 and exported.compared == 256


@pytest.mark.parametrize("name", FLOATS)
def test_a_file_of_a_conditional_gan_makes_rows_of_latents_and_labels(gan, folder, name):
    inputs = gan.task.export_inputs(40, False)
    assert inputs["labels"].dtype == np.int64 and set(inputs["labels"]) == {2, 5, 9}
    given = run(name, written(gan, folder, name), **inputs)
    np.testing.assert_allclose(given, gan.learner.decode(**inputs), rtol=1e-4, atol=1e-4)
    # Labels matter, so what is passed on is not the number itself but its place among 2, 5 and 9.
    others = run(name, written(gan, folder, name), latents=inputs["latents"], labels=np.full_like(inputs["labels"], 9))
    assert np.abs(others - given)[inputs["labels"] != 9].max() > 1e-2


@pytest.mark.thorough
def test_files_of_variants_go_by_their_own_way_from_rows_to_rows(tmp_path):
    vae = with_weights(ConditionalVAE(hidden_sizes=(16,)), "digits")
    inputs = vae.task.export_inputs(30, False)
    expected = vae.learner.reconstruct(inputs["rows"], inputs["labels"])
    given = run("saved_model", written(vae, tmp_path, "saved_model"), **inputs)
    assert np.abs(given.astype(int) - expected.astype(int)).max() <= 1
    vqvae = with_weights(VQVAE(channels=8), "digits")
    rows = vqvae.task.export_inputs(30, False)["rows"]
    given = run("litert", written(vqvae, tmp_path, "litert"), rows=rows)
    assert (np.abs(given.astype(int) - vqvae.learner.reconstruct(rows).astype(int)) <= 1).mean() > 0.99


@pytest.mark.thorough
@pytest.mark.parametrize("schedule", ["cosine", "edm"])
def test_a_file_of_a_diffusion_model_denoises_as_one_step_does(tmp_path, schedule):
    rows = np.random.default_rng(0).normal(size=(60, 2)).astype(np.float32)
    learner = Diffusion(hidden_sizes=(16,), schedule=schedule, sampler="ddim")
    experiment = with_weights(learner, rows)
    noisy = experiment.task.export_inputs(20, False)["noisy_rows"]
    noise = np.full(len(noisy), 0.3, np.float32)
    given = run("litert", written(experiment, tmp_path, "litert"), noisy_rows=noisy, noise=noise)
    expected = experiment.learner.denoise(noisy, 0.3, steps=1)
    np.testing.assert_allclose(given, expected, rtol=1e-3, atol=1e-3)
    with pytest.raises(UsageError, match="levels of noise span more orders of magnitude"):
        experiment.export(tmp_path / "d.tflite", format="litert-int8")


def test_exact_gelu_survives_onnx(tmp_path):
    # tf2onnx knows no erfc, of which TensorFlow makes it.
    experiment = with_weights(Diffusion(network="dit", token_size=8, depth=1, heads=1), "digits")
    inputs = experiment.task.export_inputs(10, False)
    given = run("onnx", written(experiment, tmp_path, "onnx"), **inputs)
    expected = experiment.learner.export_model().original(**inputs)["clean_rows"]
    np.testing.assert_allclose(given, expected, rtol=1e-4, atol=1e-3)


def test_rows_in_float64_are_refused_where_the_format_has_none(tmp_path):
    rows = np.random.default_rng(0).normal(size=(60, 3))
    experiment = with_weights(Autoencoder(hidden_sizes=(8,), latent_size=1), rows)
    with pytest.raises(
        UsageError, match="its data need float64, which LiteRT has not. Fix: train it on rows of float32"
    ):
        experiment.export(tmp_path / "a.tflite", format="litert")
    given = run("saved_model", written(experiment, tmp_path, "saved_model"), rows=rows)
    np.testing.assert_allclose(given, experiment.learner.reconstruct(rows), rtol=1e-5)
