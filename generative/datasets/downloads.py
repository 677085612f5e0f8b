"""MNIST, Fashion-MNIST and CIFAR-10 through `keras.datasets`: from Keras' cache, else from the network."""

from __future__ import annotations

import contextlib
import importlib
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from generative.data.dataset import Dataset, DataSpec
from lab.errors import UsageError

# Without an answer for so long there is no network; Keras itself would wait for ever. It removes
# what it has half fetched.
TIMEOUT = 10.0  # seconds

FASHION = ("T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")
CIFAR10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def mnist() -> Dataset:
    """Return 60,000 and 10,000 handwritten digits, uint8 (28, 28, 1). Source: Y. LeCun, C. Cortes and C. Burges."""
    return _load("mnist", (28, 28, 1), None)


def fashion_mnist() -> Dataset:
    """Return 60,000 and 10,000 pieces of clothing, uint8 (28, 28, 1). Source: Xiao et al. (2017), arXiv:1708.07747."""
    return _load("fashion_mnist", (28, 28, 1), FASHION)


def cifar10() -> Dataset:
    """Return 50,000 and 10,000 small photographs, uint8 (32, 32, 3). Source: A. Krizhevsky (2009)."""
    return _load("cifar10", (32, 32, 3), CIFAR10)


def _load(name: str, shape: tuple[int, ...], class_names: tuple[str, ...] | None) -> Dataset:
    module = importlib.import_module(f"keras.datasets.{name}")
    try:
        with _impatient(), contextlib.redirect_stdout(sys.stderr):
            (train, train_labels), (test, test_labels) = module.load_data()
    except Exception as error:
        # Keras raises a bare Exception where a file cannot be fetched, and whatever reading a broken one raises.
        raise UsageError(
            f"{name}: received no data ({str(error) or type(error).__name__}); expected them in {_cache()} or from the "
            f"network. Fix: run it once with network (keras.datasets.{name}.load_data()), copy that folder from such a "
            "machine, remove a damaged file there, or use a data set that is always there, such as glyphs or digits."
        ) from error
    spec = DataSpec(shape, "uint8", 0.0, 255.0, 10, name, class_names=class_names)
    rows, test_rows = train.reshape(-1, *shape), test.reshape(-1, *shape)
    # CIFAR-10's labels have a second dimension.
    labels, test_labels = (np.asarray(part).reshape(-1).astype(np.int32) for part in (train_labels, test_labels))
    return Dataset(rows, test_rows, spec, labels, test_labels, kind=name)


def _cache() -> Path:
    # As Keras finds it, which has no public name for it.
    return Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "datasets"


@contextlib.contextmanager
def _impatient() -> Iterator[None]:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(TIMEOUT)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
