"""Backbones of keras.applications: names, preprocessing, weights from files, and what is refused."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from lab import Experiment
from lab.errors import UsageError
from predictors import Classifier
from predictors.data.field import Field
from predictors.transfer.applications import build, preprocessed
from predictors.transfer.names import APPLICATIONS
from predictors.transfer.pictures import brought
from tests.predictors.small import built, no_baselines, pictures, values

__all__ = ["no_baselines"]
NAME = "mobilenet"
USED: dict[str, Any] = {"backbone": NAME, "input_shape": (32, 32), "batch_size": 8, "trainable_layers": 0}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of weights of the smallest network that builds quickly, random but for their seed."""
    keras_seed = keras.random.SeedGenerator(7)
    model = build("test", NAME, (32, 32, 3))
    for weight in model.weights:
        if len(weight.shape) > 1:
            weight.assign(0.1 * keras.random.normal(weight.shape, seed=keras_seed))
    path = tmp_path_factory.mktemp("weights") / "mine.weights.h5"
    model.save_weights(path)
    return path


def test_all_networks_of_keras_are_known_by_name() -> None:
    functions = {name for name in dir(keras.applications) if name[0].isupper()}
    assert {application.function for application in APPLICATIONS.values()} == functions
    assert len(APPLICATIONS) == len(functions)
    for application in APPLICATIONS.values():
        assert callable(getattr(keras.applications, application.module).preprocess_input)


@pytest.mark.parametrize("name", ["vgg16", "mobilenet_v2", "densenet121", "efficientnet_v2_b0"])
def test_preprocessing_is_the_backbones_own_applied_to_the_range_of_the_pictures(name: str) -> None:
    grey = np.random.default_rng(0).integers(0, 17, (2, 3, 3, 1), dtype=np.uint8)
    # Sixteen levels, as in digits: 16 is white.
    field = Field("input", "image", (3, 3, 1), "uint8", (8.0,), (8.0,))
    inputs = keras.Input((3, 3, 1))
    model = keras.Model(inputs, preprocessed(name, brought(inputs, field, (3, 3, 3))))
    colours = np.repeat(grey / 16.0 * 255.0, 3, axis=3)
    expected = getattr(keras.applications, APPLICATIONS[name].module).preprocess_input(colours.copy())
    np.testing.assert_allclose(model(field.seen(grey)), expected, atol=1e-3)


def test_pictures_grow_bilinearly_and_shrink_to_means() -> None:
    def through(picture: np.ndarray, side: int) -> np.ndarray:
        field = Field("input", "image", picture.shape, "float32")
        inputs = keras.Input(picture.shape)
        model = keras.Model(inputs, brought(inputs, field, (side, side, 1)))
        return model(picture[None].astype(np.float32)).numpy()[0, :, :, 0]

    grown = through(np.array([[0.0, 4.0], [0.0, 4.0]]), 4)
    # Pixels' middles lie at a quarter and three quarters of the way.
    np.testing.assert_allclose(grown, [[0.0, 1.0, 3.0, 4.0]] * 4, atol=1e-6)
    fine = np.indices((8, 8)).sum(axis=0) % 2
    shrunk = through(fine.astype(float), 2)
    np.testing.assert_allclose(shrunk, 0.5, atol=0.02)


@pytest.mark.thorough
def test_weights_come_from_the_users_file_and_the_run_says_which(
    tmp_path: Path, weights: Path, no_baselines: None
) -> None:
    mine = tmp_path / weights.name
    shutil.copy(weights, mine)
    experiment = built(Classifier(**USED, weights=str(mine)), pictures(side=8), run_dir=tmp_path / "run")
    fresh = build("test", NAME, (32, 32, 3))
    fresh.load_weights(weights)
    backbone = experiment.learner.backbone  # type: ignore[attr-defined]
    assert all(map(np.array_equal, values(backbone), values(fresh)))
    experiment.train(1)
    assert all(map(np.array_equal, values(backbone), values(fresh)))
    kept = json.loads((tmp_path / "run" / "config.json").read_text())["task"]["backbone"]
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    expected = {"kind": "file", "name": "mine.weights.h5", "sha256": digest, "pictures": "8 x 8 x 1 to 32 x 32 x 3"}
    assert kept == expected
    mine.unlink()
    resumed = Experiment.resume(tmp_path / "run", source=pictures(side=8), progress=False)
    again = resumed.learner.network  # type: ignore[attr-defined]
    assert all(map(np.array_equal, values(again), values(experiment.learner.network)))  # type: ignore[attr-defined]


@pytest.mark.thorough
def test_nothing_is_downloaded_and_the_cache_is_read_where_it_has_the_weights(
    tmp_path: Path, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with pytest.raises(UsageError, match=r"nothing is downloaded here. Fix: download them once: python -c .*MobileNet"):
        built(Classifier(**USED, weights="imagenet"), pictures(side=8))
    (tmp_path / "models").mkdir()
    fresh = build("test", NAME, (32, 32, 3))
    fresh.load_weights(weights)
    # As Keras' own files are: HDF5 of the form before .weights.h5.
    fresh.save(tmp_path / "models" / APPLICATIONS[NAME].file)
    learner: Any = built(Classifier(**USED, weights="imagenet"), pictures(side=8)).learner
    assert all(map(np.array_equal, values(learner.backbone), values(fresh)))


@pytest.mark.thorough
def test_random_weights_are_had_by_asking_alone_and_follow_the_seed() -> None:
    with pytest.raises(
        UsageError, match=r"weights received ''; expected the file of weights for mobilenet, 'imagenet'"
    ):
        Classifier(backbone=NAME)
    with pytest.raises(UsageError, match="backbone received 'resnet9'; expected one of"):
        Classifier(backbone="resnet9", weights="none")
    first, again = (
        values(built(Classifier(**USED, weights="none"), pictures(side=8), seed=seed).learner.backbone)  # type: ignore[attr-defined]
        for seed in (1, 1)
    )
    assert all(map(np.array_equal, first, again))
    assert all(weight.std() > 0.0 for weight in first if weight.ndim > 1)


@pytest.mark.thorough
def test_pictures_and_files_that_do_not_fit_are_refused(tmp_path: Path, weights: Path) -> None:
    small = {**USED, "input_shape": ()}
    with pytest.raises(
        UsageError, match=r"pictures received '8 x 8'; expected sides of at least 32 .*input_shape=\(32, 32\)"
    ):
        built(Classifier(**small, weights="none"), pictures(side=8))
    with pytest.raises(UsageError, match="channels of pictures received 2; expected 3, or 1"):
        built(Classifier(**USED, weights="none"), pictures(side=8, channels=2))
    with pytest.raises(UsageError, match="vector'; expected pictures"):
        built(Classifier(**USED, weights="none"), (np.random.default_rng(0).normal(size=(30, 3)), np.arange(30) % 2))
    with pytest.raises(UsageError, match="weights received 'nowhere.h5'; expected a file"):
        built(Classifier(**USED, weights="nowhere.h5"), pictures(side=8))
    damaged = tmp_path / "damaged.weights.h5"
    damaged.write_bytes(weights.read_bytes()[:5_000])
    with pytest.raises(UsageError, match="which do not fit mobilenet without its last layer"):
        built(Classifier(**USED, weights=str(damaged)), pictures(side=8))
