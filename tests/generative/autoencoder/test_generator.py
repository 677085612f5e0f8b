"""The autoencoder restores, samples, encodes and decodes in the data's own range, and comes back whole from disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from generative import Autoencoder
from generative.datasets import from_arrays, load
from lab import Experiment
from tests.generative.tiny import images, same

SMALL: dict[str, Any] = {"hidden_sizes": (32,), "latent_size": 4, "learning_rate": 3e-3}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    """A small autoencoder after 600 updates on the digits, with its run directory."""
    made = Experiment(Autoencoder(**SMALL), "digits", seed=1, run_dir=tmp_path_factory.mktemp("ae") / "run")
    made.train(600)
    return made


def test_it_learns_more_than_principal_components(trained: Experiment) -> None:
    evaluation = trained.evaluate()
    assert list(evaluation)[:4] == ["mse", "psnr", "mse_pca", "mse_mean"]
    assert evaluation.mse < 0.95 * evaluation.mse_pca < 0.6 * evaluation.mse_mean
    assert evaluation.psnr == pytest.approx(-10 * np.log10(evaluation.mse))
    assert evaluation.main == "mse" and not evaluation.higher_is_better("mse") and evaluation.higher_is_better("psnr")
    assert evaluation.sliced_wasserstein_floor < evaluation.sliced_wasserstein < 0.12


def test_everything_is_in_the_datas_own_range_and_type(trained: Experiment) -> None:
    learner, data = trained.learner, load("digits")
    latents = learner.encode(data.test)
    assert latents.shape == (360, 4) and latents.dtype == np.float32
    for rows in (learner.decode(latents), learner.reconstruct(data.test), learner.sample(360)):
        assert rows.shape == (360, 8, 8, 1) and rows.dtype == np.uint8 and rows.max() <= 16
    error = np.mean((learner.reconstruct(data.test) / 16 - data.test / 16) ** 2)
    assert error == pytest.approx(trained.evaluate().mse)


def test_rows_do_not_depend_on_the_rows_beside_them(trained: Experiment) -> None:
    rows, learner = load("digits").test, trained.learner
    whole = learner.encode(rows)
    for part in (slice(0, 1), slice(3, 8), slice(0, 300)):
        np.testing.assert_allclose(learner.encode(rows[part]), whole[part], rtol=1e-4, atol=1e-4)
    assert learner.encode(rows[:0]).shape == (0, 4)


def test_the_prior_follows_the_latents(trained: Experiment) -> None:
    latents = trained.learner.encode(load("digits").train)
    mean, covariance = trained.learner.prior.moments()
    # It lags a little behind an encoder that still changes.
    np.testing.assert_allclose(mean, latents.mean(axis=0), atol=0.25 * latents.std())
    np.testing.assert_allclose(covariance, np.cov(latents.T), atol=0.25 * latents.var())
    drawn = trained.learner.sample_latents(20_000, seed=0)
    np.testing.assert_allclose(drawn.mean(axis=0), latents.mean(axis=0), atol=0.05 * latents.std())
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(latents.T), atol=0.1 * latents.var())


def test_equal_seeds_give_equal_samples(trained: Experiment) -> None:
    learner = trained.learner
    np.testing.assert_array_equal(learner.sample(9), learner.sample(9))
    np.testing.assert_array_equal(learner.sample(9, 5), learner.sample(9, 5))
    assert not np.array_equal(learner.sample(9, 5), learner.sample(9, 6))


def test_a_loaded_autoencoder_equals_the_trained_one(trained: Experiment) -> None:
    loaded, rows = Autoencoder.load(trained.directory.path), load("digits").test
    np.testing.assert_array_equal(loaded.encode(rows), trained.learner.encode(rows))
    np.testing.assert_array_equal(loaded.reconstruct(rows), trained.learner.reconstruct(rows))
    np.testing.assert_array_equal(loaded.sample(20), trained.learner.sample(20))


def test_resume_is_exact_however_training_is_cut(tmp_path: Path) -> None:
    whole = Experiment(Autoencoder(hidden_sizes=()), "digits", seed=2, log_every=13)
    whole.train(130)
    part = Experiment(Autoencoder(hidden_sizes=()), "digits", seed=2, run_dir=tmp_path / "part", checkpoint_every=40)
    part.train(80)
    resumed = Experiment.resume(tmp_path / "part")
    resumed.train(50)
    assert same(resumed.learner.get_state(), whole.learner.get_state())
    assert same(resumed.task.stream.get_state(), whole.task.stream.get_state())
    assert [row["step"] for row in resumed.history.rows] == [50, 80, 100, 130] and resumed.history.unit == "updates"


def test_seeds_decide_the_first_weights() -> None:
    def first(seed: int) -> list[np.ndarray]:
        learner = Experiment(Autoencoder(**SMALL), "digits", seed=seed).learner
        return [w for w in (*learner.encoder.get_weights(), *learner.decoder.get_weights()) if w.ndim == 2]

    assert all(map(np.array_equal, first(4), first(4)))
    assert not any(map(np.array_equal, first(4), first(5)))


@pytest.mark.parametrize("kind", ["reconstructions", "samples", "latent", "interpolation"])
def test_a_file_name_chooses_the_picture(trained: Experiment, kind: str) -> None:
    path = trained.render(f"{kind}.png")
    assert path == trained.directory.samples / f"{kind}.png"
    picture = np.asarray(Image.open(path).convert("L"))
    assert min(picture.shape) > 200 and picture.std() > 10


def test_the_first_picture_shows_reconstructions(trained: Experiment) -> None:
    assert trained.render().name == "reconstructions.png"


def test_a_video_walks_through_latents(trained: Experiment) -> None:
    path = trained.render("interpolation.gif")
    assert path.parent == trained.directory.videos
    with Image.open(path) as video:
        assert video.n_frames > 20
    with pytest.raises(ValueError, match="still picture only"):
        trained.render("latent.mp4")


@pytest.mark.parametrize(
    ("call", "argument", "message"),
    [
        ("encode", np.zeros((8, 8, 1), np.uint8), r"encode: data of shape received \(8, 8, 1\).*data\[None\]"),
        ("encode", np.zeros((3, 8, 8, 1)), "data of type received 'float64'; expected uint8"),
        ("reconstruct", np.full((3, 8, 8, 1), 255, np.uint8), r"\[255, 255\].*\[0, 16\]"),
        ("decode", np.zeros((3, 5)), r"decode: latents received 'float64 \(3, 5\)'; expected .*\(N, 4\)"),
        ("decode", np.full((3, 4), np.nan), "not finite"),
    ],
)
def test_bad_rows_and_latents_are_refused(trained: Experiment, call: str, argument: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        getattr(trained.learner, call)(argument)


def test_settings_and_data_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match=r"architecture.*'dense', 'conv'"):
        Autoencoder(architecture="deep")
    with pytest.raises(ValueError, match="at least one layer"):
        Autoencoder(architecture="conv", filters=())
    with pytest.raises(ValueError, match=r"'conv' received rows of shape \(2,\)"):
        Experiment(Autoencoder(architecture="conv"), np.random.default_rng(0).normal(size=(50, 2)))
    for call in ("encode", "decode", "sample"):
        with pytest.raises(ValueError, match="does not know its data"):
            getattr(Autoencoder(), call)(3)


@pytest.mark.parametrize("shape", [(7, 10), (5, 6, 3)])
def test_convolutions_take_images_of_odd_sides(shape: tuple[int, ...], tmp_path: Path) -> None:
    rows = images(40, shape)
    made = Experiment(Autoencoder(architecture="conv", filters=(4, 6), latent_size=3), rows, seed=1)
    history = made.train(60)
    assert made.learner.compile == "graph" and history.rows[-1]["loss"] < history.rows[0]["loss"]
    assert made.learner.reconstruct(rows).shape == rows.shape
    assert made.render(tmp_path / "reconstructions.png").exists()


@pytest.mark.thorough
def test_points_are_restored_and_shown(tmp_path: Path) -> None:
    angle = np.random.default_rng(0).uniform(0, 2 * np.pi, 300)
    points = np.stack([np.cos(angle), np.sin(angle)], axis=1) * 40
    made = Experiment(Autoencoder(latent_size=2, hidden_sizes=(16,)), points, seed=1)
    made.train(300)
    assert made.learner.reconstruct(points).dtype == np.float64
    assert np.abs(made.learner.reconstruct(points) - points).mean() < 10
    for kind in ("reconstructions", "samples", "latent"):
        assert made.render(tmp_path / f"{kind}.png").exists()
    with pytest.raises(ValueError, match="images"):
        made.render(tmp_path / "interpolation.png")


@pytest.mark.thorough
def test_few_rows_without_labels_can_be_shown(tmp_path: Path) -> None:
    for latent_size, rows in ((1, images(12)), (3, images(12)), (3, images(40, (9,)))):
        made = Experiment(Autoencoder(latent_size=latent_size, hidden_sizes=()), from_arrays(rows), seed=1)
        for kind in ("reconstructions", "latent"):
            assert made.render(tmp_path / f"{kind}.png").exists()
