"""FID with weights that the user brings: here random ones, written by the tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from generative import DataSpec
from generative.metrics import TooFewSamples, frechet_distance
from generative.metrics.networks.inception import InceptionFeatures

GRAY = DataSpec((8, 8, 1), "uint8", 0.0, 255.0)
RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **keywords: object) -> None:
        raise AssertionError("something was to be downloaded")

    monkeypatch.setattr(keras.utils, "get_file", refuse)
    monkeypatch.setattr("keras.src.utils.file_utils.get_file", refuse)


def stand_in(**keywords: Any) -> keras.Model:
    """Return a network with Inception's inputs and a tenth of a thousandth of its work."""
    assert keywords["weights"] is None and not keywords["include_top"] and keywords["pooling"] == "avg"
    layers = [keras.Input((299, 299, 3)), keras.layers.Conv2D(4, 3, 16, activation="relu")]
    return keras.Sequential([*layers, keras.layers.GlobalAveragePooling2D()])


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The stand-in's weights, and Inception replaced by it."""
    monkeypatch.setattr(keras.applications, "InceptionV3", stand_in)
    monkeypatch.setattr(InceptionFeatures, "width", 4)
    path = tmp_path / "small_notop.weights.h5"
    stand_in(weights=None, include_top=False, pooling="avg").save_weights(path)
    return path


@pytest.mark.thorough
def test_inception_reads_a_local_file(tmp_path: Path) -> None:
    path = tmp_path / "random_notop.weights.h5"
    model = keras.applications.InceptionV3(include_top=False, weights=None, pooling="avg")
    model.save_weights(path)
    network = InceptionFeatures(path, GRAY)
    rows = RNG.integers(0, 256, (1, 8, 8, 1), dtype=np.uint8)
    features, probabilities = network.extract(rows)
    assert features.shape == (1, network.width) == (1, 2048) and features.dtype == np.float32 and probabilities is None
    large = keras.ops.image.resize(rows / np.float32(127.5) - 1, (299, 299), "bilinear")
    np.testing.assert_allclose(features, model(np.repeat(large, 3, axis=-1)), rtol=1e-3, atol=1e-5)
    assert network.name == "FID" and "bilinear resizing to 299 x 299" in network.description
    assert "random_notop.weights.h5 (sha256 " in network.description
    with pytest.raises(TooFewSamples, match="fid: first received 1 rows; expected at least 8192, 4 for each of 2048"):
        network.fid(rows, rows)


def test_fid_is_the_frechet_distance_of_its_features(weights: Path) -> None:
    network = InceptionFeatures(weights, GRAY)
    rows = RNG.integers(0, 256, (50, 8, 8, 1), dtype=np.uint8)
    features = network.extract(rows).features
    np.testing.assert_allclose(network.extract(rows[40:]).features, features[40:], rtol=1e-4, atol=1e-5)
    assert network.extract(rows[:0]).features.shape == (0, 4)
    assert network.fid(rows[:30], rows[30:]) == pytest.approx(frechet_distance(features[:30], features[30:]), rel=1e-4)
    # Gray images are what images of three equal channels are.
    coloured = InceptionFeatures(weights, DataSpec((8, 8, 3), "uint8", 0.0, 255.0))
    np.testing.assert_allclose(coloured.extract(rows.repeat(3, axis=3)).features, features, rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match="InceptionFeatures.fid first: data of type received 'float64'"):
        network.fid(rows / 255, rows)


def test_what_is_no_weights_file_is_refused() -> None:
    with pytest.raises(ValueError, match=r"weights received 'imagenet'; expected a local .h5 file.*download it yourse"):
        InceptionFeatures("imagenet", GRAY)
    with pytest.raises(ValueError, match=r"rows of shape received \(2,\); expected images"):
        InceptionFeatures("x.h5", DataSpec((2,), "float32", 0.0, 1.0))


def test_weights_of_another_network_are_refused(weights: Path) -> None:
    for layers in ([keras.layers.Dense(2)], [keras.layers.Flatten()]):
        other = keras.Sequential([keras.Input((3,)), *layers])
        other.save_weights(weights)
        with pytest.raises(ValueError, match=r"does not fit Inception v3 .*notop.h5"):
            InceptionFeatures(weights, GRAY)
    weights.write_bytes(b"nothing")
    with pytest.raises(ValueError, match=r"does not fit Inception v3"):
        InceptionFeatures(weights, GRAY)
