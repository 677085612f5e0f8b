"""The small frozen classifiers that are shipped to evaluate a data set's samples with; `train_features` makes them."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from generative.data.batching import in_batches
from generative.data.dataset import DataSpec
from generative.metrics.networks.features import Extracted, FeatureNetwork
from lab.errors import CheckpointError

WEIGHTS = Path(__file__).parents[1] / "weights"
CENTRE, SCALE = "feature_centre", "feature_scale"
DESCRIPTION = frozenset({"name", "data", "convolutions", "width", "sha256", "test_accuracy"})


def network(
    shape: tuple[int, ...], convolutions: Sequence[Sequence[int]], width: int, classes: int, seed: int = 0
) -> keras.Model:
    """Build a classifier with two outputs: the features before its last layer, and the logits of the classes.

    Args:
        shape: Of a row: (H, W) or (H, W, C).
        convolutions: (filters, stride) of each 3x3 convolution.
        width: Features.
        classes: Logits.
        seed: Of the first weights and of dropout, which acts in training only.
    """
    inputs = keras.Input(shape)
    x = inputs if len(shape) == 3 else keras.layers.Reshape((*shape, 1))(inputs)
    for i, (filters, stride) in enumerate(convolutions):
        start = keras.initializers.HeNormal(seed=seed + i)
        x = keras.layers.Conv2D(filters, 3, stride, "same", activation="relu", kernel_initializer=start)(x)
    x = keras.layers.Dropout(0.3, seed=seed)(keras.layers.Flatten()(x))
    start = keras.initializers.HeNormal(seed=seed + len(convolutions))
    features = keras.layers.Dense(width, kernel_initializer=start)(x)
    x = keras.layers.ReLU()(features)
    start = keras.initializers.GlorotUniform(seed=seed + len(convolutions) + 1)
    return keras.Model(inputs, [features, keras.layers.Dense(classes, kernel_initializer=start)(x)])


class Classifier(FeatureNetwork):
    """Reads a classifier after checking its hash.

    Its features are those before the last layer, less their mean over the training rows and in a unit that makes
    their mean variance 1 there.

    Args:
        path: The JSON file that describes it, with the weights beside it as .safetensors.

    Raises:
        CheckpointError: When a file is missing or damaged, or does not hold what the description says.
    """

    def __init__(self, path: Path) -> None:
        from safetensors.numpy import load

        self.description: dict[str, Any] = read_description(path)
        spec = DataSpec.from_json(self.description["data"])
        self.name, self.width = self.description["name"], self.description["width"]
        arrays = load(_checked_bytes(path.with_suffix(".safetensors"), self.description["sha256"]))
        model = network(spec.shape, self.description["convolutions"], self.width, spec.classes or 0)
        expected = {variable.path: tuple(variable.shape) for variable in model.weights}
        keys = [str(i) for i in range(len(expected))]
        if {k: arrays[k].shape for k in keys if k in arrays} != dict(zip(keys, expected.values(), strict=True)):
            raise CheckpointError(f"{path}: the weights beside it are not those of the network described. {_FIX}")
        # Stored as float16 to be small; the accuracy given is that of these very weights.
        model.set_weights([arrays[key].astype(np.float32) for key in keys])
        centre, scale = arrays[CENTRE].astype(np.float32), arrays[SCALE].astype(np.float32)

        def extract(rows: tf.Tensor) -> tf.Tensor:
            features, logits = model(spec.normalise_tensor(rows), training=False)
            return tf.concat([(features - centre) * scale, tf.nn.softmax(logits)], axis=1)

        signature = tf.TensorSpec((None, *spec.shape), spec.dtype)
        self._extract = tf.function(extract, input_signature=[signature], autograph=False)

    def extract(self, rows: np.ndarray) -> Extracted:
        both = in_batches(self._extract, rows)
        return Extracted(both[:, : self.width], both[:, self.width :])


def shipped_classifier(spec: DataSpec, directory: Path = WEIGHTS) -> Classifier | None:
    """Return the classifier that was trained on a data set, or None where there is none.

    Args:
        spec: Its name, shape, type and range must be those trained on: own arrays that bear a known name are unknown.
        directory: Where the descriptions are.
    """
    for path in sorted(directory.glob("*.json")):
        known = read_description(path)["data"]
        mine = spec.to_json()
        if all(mine[key] == known[key] for key in ("name", "shape", "dtype", "low", "high", "classes")):
            return _read(path)
    return None


def read_description(path: Path) -> dict[str, Any]:
    """Return what the JSON file of a classifier says: its data, network, hash and accuracy.

    Raises:
        CheckpointError: When it is no such file.
    """
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path}: not a readable description of a classifier ({error}). {_FIX}") from error
    if not isinstance(found, dict) or not found.keys() >= DESCRIPTION:
        raise CheckpointError(f"{path}: not a description of a classifier. {_FIX}")
    return found


@functools.lru_cache(maxsize=8)
def _read(path: Path) -> Classifier:
    return Classifier(path)


def _checked_bytes(path: Path, expected: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path}: the weights cannot be read ({error}). {_FIX}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise CheckpointError(f"{path}: the file was truncated or edited: sha256 {found}; expected {expected}. {_FIX}")
    return content


_FIX = "Fix: install the package anew, or train it again with python -m generative.metrics.networks.train_features."
