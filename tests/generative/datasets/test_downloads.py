"""Cached files are used; without network there is one clear message and nothing half-written."""

from __future__ import annotations

import gzip
import socket
import urllib.error
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras.src.utils import file_utils

from generative.datasets import downloads, load


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of Keras."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    # Keras reads the variable when it is imported only.
    monkeypatch.setattr(file_utils.config, "keras_home", lambda: str(tmp_path))
    return tmp_path / "datasets"


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> list[float | None]:
    """Half a file arrives, then the network is gone; returns the time limits that were set."""
    limits: list[float | None] = []

    def fail(origin: str, target: str, *rest: Any) -> None:
        limits.append(socket.getdefaulttimeout())
        Path(target).write_bytes(b"half")
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr(file_utils, "urlretrieve", fail)
    return limits


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar10"])
def test_without_network_it_says_so_and_leaves_nothing(name: str, cache: Path, offline: list[float | None]) -> None:
    with pytest.raises(
        ValueError, match=rf"{name}: received no data.*no route to host.*expected them in .*Fix: .*glyphs"
    ):
        load(name)
    assert not [path for path in cache.rglob("*") if path.is_file()]
    assert offline == [downloads.TIMEOUT] and socket.getdefaulttimeout() is None


def test_files_in_the_cache_are_used(cache: Path, offline: list[float | None]) -> None:
    folder = cache / "fashion-mnist"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    rows, labels = rng.integers(0, 256, (30, 28, 28), np.uint8), np.arange(30, dtype=np.uint8) % 10
    for part, count in (("train", 20), ("t10k", 10)):
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(bytes(16) + rows[:count].tobytes()))
        (folder / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(bytes(8) + labels[:count].tobytes()))
    data = load("fashion_mnist")
    np.testing.assert_array_equal(data.train[..., 0], rows[:20])
    np.testing.assert_array_equal(data.test_labels, labels[:10])
    assert data.train_labels is not None and data.train_labels.dtype == np.int32
    assert data.spec.label_name(9) == "ankle boot" and data.spec.name == data.kind == "fashion_mnist"
    assert not offline

    (folder / "t10k-images-idx3-ubyte.gz").write_bytes(b"half a file")
    with pytest.raises(ValueError, match=r"fashion_mnist: received no data.*remove a damaged file"):
        load("fashion_mnist")


@pytest.mark.parametrize(("name", "shape", "channels"), [("mnist", (28, 28), 1), ("cifar10", (32, 32, 3), 3)])
def test_what_keras_returns_becomes_a_data_set(
    name: str,
    shape: tuple[int, ...],
    channels: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = np.random.default_rng(1).integers(0, 256, (12, *shape), np.uint8)
    labels = (np.arange(12) % 10).astype(np.uint8).reshape((12, 1) if name == "cifar10" else 12)

    def loaded() -> Any:
        print("Downloading data from somewhere")
        return (rows, labels), (rows[:5], labels[:5])

    monkeypatch.setattr(getattr(keras.datasets, name), "load_data", loaded)
    data = load(name)
    assert data.train.shape == (12, *shape[:2], channels) and data.test.shape[0] == 5
    assert data.train_labels is not None and data.train_labels.tolist() == labels.ravel().tolist()
    # The command line's --json prints one object and nothing else.
    assert capsys.readouterr().out == ""
