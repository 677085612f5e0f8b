"""Feature networks are runs of Classifier: written once, read by the metrics, registered for data of one's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from generative import Dataset, register_features
from generative.datasets import from_arrays, load
from generative.metrics.networks import choice
from generative.metrics.networks.choice import feature_networks
from generative.metrics.networks.classifier import WEIGHTS
from generative.metrics.table import standard_table
from lab import Experiment
from lab.errors import CheckpointError, UsageError
from predictors import Classifier, FeatureConvnet, write_features
from predictors.features.recipes import RECIPES, Recipe, trained
from tests.generative.tiny import Tiny
from tests.predictors.small import STEADY, built, no_baselines, pictures

__all__ = ["no_baselines"]
SMALL = FeatureConvnet(((8, 2), (16, 2)), width=8)


@pytest.fixture(autouse=True)
def nothing_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "_registered", {})


@pytest.fixture(scope="module")
def mine() -> Dataset:
    """Pictures of three classes that a user has as arrays."""
    (train, labels), _ = pictures(8, count=1_200)
    return from_arrays(train, labels, low=0, high=255, name="bars")


@pytest.fixture(scope="module")
def experiment(mine: Dataset) -> Experiment:
    """A short run of a Classifier with the network of those that are shipped."""
    made = Experiment(Classifier(network=SMALL, learning_rate=1e-2, **STEADY), mine, seed=1, progress=False)
    made.train(60)
    return made


def test_every_recipe_is_shipped_and_nothing_else() -> None:
    names = {recipe.name for recipe in RECIPES.values()}
    assert {path.name for path in WEIGHTS.iterdir()} == {n + end for n in names for end in (".json", ".safetensors")}
    assert not any("fid" in name.lower() for name in names)
    for recipe in RECIPES.values():
        shipped = json.loads((WEIGHTS / f"{recipe.name}.json").read_text())
        assert json.loads(json.dumps(recipe.network.described())).items() <= shipped.items()
        assert (recipe.updates, recipe.seed) == (shipped["updates"], shipped["seed"])
        assert round(recipe.shift * shipped["data"]["shape"][0]) == shipped["shift"]


def test_a_recipe_is_a_run_of_a_classifier() -> None:
    rows = load("digits")
    few = Dataset(rows.train[:200], rows.test[:50], rows.spec, rows.train_labels[:200], rows.test_labels[:50])  # type: ignore[index]
    run = trained(Recipe("FD-small-v1", SMALL, updates=3, shift=0.125), few)
    assert isinstance(run.learner, Classifier) and run.step == 3 and "shift 0.125" in run.task.data.augmentation.words  # type: ignore[attr-defined]


def test_a_run_gives_features_through_the_reader_of_those_shipped(
    experiment: Experiment, mine: Dataset, tmp_path: Path
) -> None:
    learner, data = experiment.learner, experiment.task.data  # type: ignore[attr-defined]
    found = write_features(experiment, tmp_path / "FD-bars-v1.json")
    extracted = found.extract(mine.test)
    assert (found.name, found.width, extracted.features.shape) == ("FD-bars-v1", 8, (len(mine.test), 8))
    np.testing.assert_allclose(extracted.probabilities, learner.probabilities(mine.test), atol=1e-5)  # type: ignore[attr-defined]
    # The dense layer's outputs, centred over the rows trained on, in a unit of their own.
    model = learner.network  # type: ignore[attr-defined]
    dense = keras.Model(model.input, model.get_layer("features").output)
    train, test = (
        dense(mine.spec.normalise(rows)).numpy() for rows in (next(iter(data.train.inputs.values())), mine.test)
    )
    expected = (test - train.mean(axis=0)) / np.sqrt(train.var(axis=0).mean())
    np.testing.assert_allclose(extracted.features, expected, rtol=1e-3, atol=1e-4)
    described = json.loads((tmp_path / "FD-bars-v1.json").read_text())
    assert described["test_accuracy"] == experiment.evaluate().accuracy > 0.9
    assert described["rows"] == {"train": len(data.train), "test": len(mine.test)} and described["updates"] == 60


def test_the_metrics_of_ones_own_data_are_on_ones_own_features(
    experiment: Experiment, mine: Dataset, tmp_path: Path
) -> None:
    write_features(experiment, tmp_path / "FD-bars-v1.json")
    assert [n.name for n in feature_networks(mine.spec)] == ["FD-random-v1"]
    register_features(tmp_path / "FD-bars-v1.json")
    register_features(tmp_path / "FD-bars-v1.json")
    networks = feature_networks(mine.spec)
    assert [n.name for n in networks] == ["FD-bars-v1", "FD-random-v1"]
    # Data of another name or range are other data.
    assert len(feature_networks(load("digits").spec)) == 2
    assert feature_networks(load("digits").spec)[0].name == "FD-digits-v1"
    table = standard_table(mine, mine.train[:300], networks)
    assert table.metrics["fd"] < 0.2 * table.metrics["fd_ceiling"]
    assert table.metrics["classifier_confidence"] > 0.5


def test_a_run_goes_on_with_the_features_that_it_began_with(
    experiment: Experiment, mine: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_features(experiment, tmp_path / "FD-bars-v1.json")
    register_features(tmp_path / "FD-bars-v1.json")
    run = tmp_path / "run"
    Experiment(Tiny(), mine, run_dir=run, progress=False).train(4)
    assert json.loads((run / "config.json").read_text())["task"]["features"] == ["FD-bars-v1", "FD-random-v1"]
    assert Experiment.resume(run, source=mine, progress=False).step == 4
    monkeypatch.setattr(choice, "_registered", {})
    with pytest.raises(CheckpointError, match=r"on the features FD-bars-v1; received .*register_features\(PATH\)"):
        Experiment.resume(run, source=mine, progress=False)


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["cnn", "vgg", "resnet", "vit"])
def test_networks_by_name_are_written_too(name: str, mine: Dataset, tmp_path: Path) -> None:
    run = built(Classifier(architecture=name, batch_size=8, **STEADY), mine)
    run.train(2)
    learner: Any = run.learner
    found = write_features(run, tmp_path / f"FD-{name}-v1.json")
    extracted = found.extract(mine.test[:20])
    np.testing.assert_allclose(extracted.probabilities, learner.probabilities(mine.test[:20]), atol=1e-4)
    centred = learner.features(mine.test[:20])
    ours = extracted.features - extracted.features.mean(axis=0)
    centred = centred - centred.mean(axis=0)
    scale = np.linalg.norm(ours) / np.linalg.norm(centred)
    np.testing.assert_allclose(ours, scale * centred, atol=1e-3)


@pytest.mark.usefixtures("no_baselines")
def test_the_directory_of_a_run_will_do(tmp_path: Path) -> None:
    data = load("digits")
    run = built(Classifier(architecture="cnn", batch_size=8, **STEADY), "digits", run_dir=tmp_path / "run")
    run.train(1)
    found = write_features(tmp_path / "run", tmp_path / "FD-own-v1.json")
    assert register_features(tmp_path / "FD-own-v1.json").name == feature_networks(data.spec)[0].name == found.name


def test_what_cannot_be_written_is_refused(experiment: Experiment, mine: Dataset, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"path received 'mine.json'; expected FD-NAME.json"):
        write_features(experiment, tmp_path / "mine.json")
    with pytest.raises(UsageError, match=r"FD-digits-v1.json'; expected a name that is free"):
        write_features(experiment, tmp_path / "FD-digits-v1.json")
    write_features(experiment, tmp_path / "FD-bars-v1.json")
    with pytest.raises(UsageError, match=r"expected a name that is free.*-v2"):
        write_features(experiment, tmp_path / "FD-bars-v1.json")
    with pytest.raises(UsageError, match=r"run received 'one of a Tiny'; expected one of a Classifier"):
        write_features(Experiment(Tiny(), mine, progress=False), tmp_path / "FD-a.json")
    for learner, source, words in (
        (Classifier(architecture="mlp"), mine, r"network received .mlp.*FeatureConvnet\(\)"),
        (Classifier(network=lambda spec: SMALL(spec)), mine, r"network received .one of the user's own"),
        (Classifier(architecture="cnn"), (mine.train, mine.train_labels), "which generators do not know"),
        (
            Classifier(architecture="cnn", test_views=("flip_vertical",)),
            "digits,flip_vertical=true",
            "without test views",
        ),
    ):
        with pytest.raises(UsageError, match=words):
            write_features(built(learner, source), tmp_path / "FD-a.json")
    with pytest.raises(UsageError, match=r"FeatureConvnet: examples received .vector to class"):
        Experiment(Classifier(network=SMALL), (np.eye(6), np.arange(6) % 2))
