"""The shipped classifiers are what their descriptions say, and a damaged one is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from generative import Dataset, DataSpec
from generative.data import batching
from generative.datasets import from_arrays, load
from generative.datasets.drawn import glyphs
from generative.metrics.networks.classifier import WEIGHTS, Classifier, shipped_classifier
from generative.metrics.networks.train_features import RECIPES, Recipe, accuracy, train, write
from lab.errors import CheckpointError


def rows_of(name: str) -> Dataset:
    return glyphs.make(62) if name == "glyphs" else load(name)


def test_every_recipe_is_shipped_and_nothing_else() -> None:
    names = {recipe.name for recipe in RECIPES.values()}
    assert {path.name for path in WEIGHTS.iterdir()} == {n + end for n in names for end in (".json", ".safetensors")}
    assert not any("fid" in name.lower() for name in names)


@pytest.mark.parametrize("name", RECIPES)
def test_it_is_what_its_description_says(name: str) -> None:
    data = rows_of(name)
    found = shipped_classifier(data.spec)
    assert found is not None and found.name == RECIPES[name].name == f"FD-{name}-v1"
    description = found.description
    assert DataSpec.from_json(description["data"]) == data.spec
    assert (WEIGHTS / f"{found.name}.safetensors").stat().st_size == description["bytes"] < 2_000_000
    assert accuracy(found, data.test, data.test_labels) == pytest.approx(description["test_accuracy"], abs=1e-3)
    assert description["test_accuracy"] > {"digits": 0.99, "glyphs": 0.98}[name]


def test_features_are_centred_in_a_unit_of_their_own() -> None:
    data = load("digits")
    found = shipped_classifier(data.spec)
    assert found is not None
    features, probabilities = found.extract(data.hold_out()[0].train)
    assert features.shape == (1294, 32) and features.dtype == np.float32
    assert abs(features.mean(axis=0)).max() < 1e-2 and features.var(axis=0).mean() == pytest.approx(1.0, abs=1e-2)
    assert probabilities is not None and probabilities.shape == (1294, 10)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-5)


def test_features_do_not_depend_on_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    data = load("digits")
    found = shipped_classifier(data.spec)
    assert found is not None
    whole = found.extract(data.test)
    assert found.extract(data.test).features.tobytes() == whole.features.tobytes()
    monkeypatch.setattr(batching, "LARGEST", 16)
    np.testing.assert_allclose(found.extract(data.test).features, whole.features, atol=1e-5)
    np.testing.assert_allclose(found.extract(data.test[7:8]).features, whole.features[7:8], atol=1e-5)
    assert found.extract(data.test[:0]).features.shape == (0, 32)


def test_own_arrays_that_bear_a_known_name_are_unknown() -> None:
    data = load("digits")
    rows = np.concatenate([data.train, data.test])
    labels = np.concatenate([data.train_labels, data.test_labels])
    assert shipped_classifier(from_arrays(rows, labels, low=0, high=16, name="digits").spec) is not None
    assert shipped_classifier(from_arrays(rows, labels, low=0, high=255, name="digits").spec) is None
    assert shipped_classifier(from_arrays(rows, labels, low=0, high=16).spec) is None


def copied(folder: Path) -> Path:
    for path in WEIGHTS.glob("FD-digits-v1.*"):
        shutil.copy(path, folder)
    return folder / "FD-digits-v1.json"


def test_a_flipped_byte_is_noticed(tmp_path: Path) -> None:
    path = copied(tmp_path)
    weights = path.with_suffix(".safetensors")
    content = bytearray(weights.read_bytes())
    content[-9] ^= 1
    weights.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"FD-digits-v1.safetensors: the file was truncated or edited: sha256"):
        Classifier(path)
    weights.unlink()
    with pytest.raises(CheckpointError, match=r"cannot be read.*train it again with python -m generative.metrics"):
        Classifier(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"width": 16}, "not those of the network described"),
        ({"convolutions": [[32, 1]]}, "not those of the network described"),
        (None, "not a description of a classifier"),
    ],
)
def test_a_description_that_does_not_fit_is_refused(change: Any, message: str, tmp_path: Path) -> None:
    path = copied(tmp_path)
    path.write_text("{}" if change is None else json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(CheckpointError, match=message):
        Classifier(path)
    path.write_text("{")
    with pytest.raises(CheckpointError, match="not a readable description"):
        Classifier(path)


def test_a_classifier_is_trained_written_and_read(tmp_path: Path) -> None:
    data = load("digits")
    assert data.train_labels is not None
    few = np.flatnonzero(data.train_labels < 3)[:200]
    small = Dataset(data.train[few], data.test[:50], data.spec, data.train_labels[few], data.test_labels[:50])
    recipe = Recipe("FD-small-v1", ((4, 2), (8, 2)), width=8, updates=300, batch=32, rate=1e-2)
    made = [write(recipe, train(recipe, small), small, tmp_path / str(i)) for i in range(2)]
    assert accuracy(made[0], small.train, small.train_labels) > 0.9
    assert made[0].description["test_accuracy"] == accuracy(made[0], small.test, small.test_labels)
    assert made[0].description["sha256"] == made[1].description["sha256"]
    assert shipped_classifier(small.spec, tmp_path / "0").name == "FD-small-v1"


def test_training_never_looks_at_the_test_rows() -> None:
    data = load("digits")
    recipe = Recipe("FD-small-v1", ((4, 2),), width=8, updates=3)
    other = Dataset(data.train, data.test[:1] * 0, data.spec, data.train_labels, data.test_labels[:1])
    first, second = (train(recipe, d).get_weights() for d in (data, other))
    assert all(tf.reduce_all(a == b) for a, b in zip(first, second, strict=True))
