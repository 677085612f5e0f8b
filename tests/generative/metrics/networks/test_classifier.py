"""The shipped classifiers are what their descriptions say, and a damaged one is refused."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from generative import Dataset, DataSpec, register_features
from generative.data import batching
from generative.datasets import from_arrays, load
from generative.datasets.drawn import glyphs
from generative.metrics.networks.classifier import WEIGHTS, Classifier, shipped_classifier
from lab.errors import CheckpointError, UsageError


def rows_of(name: str) -> Dataset:
    return glyphs.make(62) if name == "glyphs" else load(name)


def accuracy(classifier: Classifier, rows: np.ndarray, labels: Any) -> float:
    return float(np.mean(np.asarray(classifier.extract(rows).probabilities).argmax(axis=1) == labels))


@pytest.mark.parametrize("name", ["digits", "glyphs"])
def test_it_is_what_its_description_says(name: str) -> None:
    data = rows_of(name)
    found = shipped_classifier(data.spec)
    assert found is not None and found.name == f"FD-{name}-v1"
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
    with pytest.raises(CheckpointError, match=r"cannot be read.*write it again with predictors.write_features"):
        Classifier(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"width": 16}, "not those of the network described"),
        ({"convolutions": [[32, 1]]}, "not those of the network described"),
        ({"convolutions": [[0, 1]]}, "a description of a classifier: convolutions.0..0. is 0"),
        ({"convolutions": [[4096, 1], [4096, 1]]}, "describes no network .*variable of shape"),
        ({"width": "a"}, "width is 'a'; expected a whole number"),
        ({"name": "FD-\x1b[2J"}, "name is .*expected at most 100 printable characters"),
        (None, "not a description of a classifier"),
    ],
)
def test_a_description_that_does_not_fit_is_refused(change: Any, message: str, tmp_path: Path) -> None:
    path = copied(tmp_path)
    path.write_text("{}" if change is None else json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(CheckpointError, match=message):
        Classifier(path)
    for unreadable in ("{", "[" * 100_000, '{"width": NaN}'):
        path.write_text(unreadable)
        with pytest.raises(CheckpointError, match="not a readable description"):
            Classifier(path)


def test_weights_of_the_right_sum_that_are_no_safetensors_are_refused(tmp_path: Path) -> None:
    path = copied(tmp_path)
    path.with_suffix(".safetensors").write_bytes(b"no such thing")
    digest = hashlib.sha256(b"no such thing").hexdigest()
    path.write_text(json.dumps({**json.loads(path.read_text()), "sha256": digest}))
    with pytest.raises(CheckpointError, match="the weights beside it are no safetensors"):
        Classifier(path)


def test_a_shipped_name_is_taken(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"name received 'FD-digits-v1'; expected one that no other network has"):
        register_features(copied(tmp_path))
