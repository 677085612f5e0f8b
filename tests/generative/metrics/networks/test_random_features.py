"""The random network is the same for ever, and takes images of any size."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from generative import DataSpec
from generative.data import batching
from generative.metrics.networks.random_features import PLACES, RandomFeatures, _fields, _kernels, _pooling

RNG = np.random.default_rng(0)


def test_the_weights_are_frozen() -> None:
    digests = [
        hashlib.sha256(b"".join(k.astype("<f4").tobytes() for k in _kernels(channels))).hexdigest()[:16]
        for channels in (1, 3)
    ]
    assert digests == ["85ca852f684d1ceb", "51dd11d2087436d8"]


def test_fields_average_over_halves_that_share_a_middle() -> None:
    np.testing.assert_array_equal(_fields(4), [[0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5]])
    np.testing.assert_allclose(_fields(3), [[0.5, 0.5, 0], [0, 0.5, 0.5]])
    np.testing.assert_array_equal(_fields(1), [[1.0], [1.0]])
    assert _pooling(5, 2).sum() == pytest.approx(PLACES**2)


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 1), (28, 28, 1), (32, 20, 3), (1, 5, 1)])
def test_images_of_any_size(shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    network = RandomFeatures(DataSpec(shape, "uint8", 0.0, 255.0))
    rows = RNG.integers(0, 256, (40, *shape), dtype=np.uint8)
    features, probabilities = network.extract(rows)
    assert features.shape == (40, network.width) and features.dtype == np.float32 and probabilities is None
    again = RandomFeatures(DataSpec(shape, "uint8", 0.0, 255.0))
    assert again.extract(rows).features.tobytes() == features.tobytes()
    monkeypatch.setattr(batching, "LARGEST", 8)
    np.testing.assert_allclose(network.extract(rows).features, features, atol=1e-5)


def test_the_range_does_not_matter() -> None:
    rows = RNG.integers(0, 256, (5, 6, 6, 1), dtype=np.uint8)
    first = RandomFeatures(DataSpec((6, 6, 1), "uint8", 0.0, 255.0)).extract(rows).features
    second = RandomFeatures(DataSpec((6, 6, 1), "float32", -1.0, 1.0)).extract(rows.astype("f4") / 127.5 - 1).features
    np.testing.assert_allclose(first, second, atol=1e-5)
