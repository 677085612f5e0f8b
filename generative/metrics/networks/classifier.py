"""Frozen classifiers to evaluate a data set's samples with; `writing` makes the files that are read here."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from generative.data.batching import in_batches
from generative.data.dataset import DataSpec
from generative.metrics.networks.features import Extracted, FeatureNetwork
from lab.errors import CheckpointError
from lab.files.reading.schema import SchemaError, anything, check, entries, items, optional, parse, real, text, whole
from lab.networks.builder import HEAD
from lab.networks.vision.cnn import cnn, vgg
from lab.networks.vision.resnet import resnet
from lab.networks.vision.vit import vit
from lab.runs.opening.building import FREE, variables_within

WEIGHTS = Path(__file__).parents[1] / "weights"
CENTRE, SCALE = "feature_centre", "feature_scale"
# The layer whose outputs are compared; of a network without it they are what goes into its head.
FEATURES = "features"
# Networks that a description names, in inference mode.
ARCHITECTURES: Mapping[str, Any] = {"cnn": cnn, "vgg": vgg, "resnet": resnet, "vit": vit}
DESCRIPTION = entries(
    {
        "name": text(100),
        "data": entries({}, more=anything()),
        "width": whole(1, 1 << 16),
        "sha256": text(64),
        "test_accuracy": optional(real(0.0, 1.0)),
    },
    maybe={"convolutions": items(items(whole(1, 1 << 12), 2, 2), 100), "architecture": text(100)},
    more=anything(),
)


def network(
    shape: tuple[int, ...], convolutions: Sequence[Sequence[int]], width: int, classes: int, seed: int | None = None
) -> keras.Model:
    """Build a small classifier, whose features are those of the dense layer before its last one, unactivated.

    Args:
        shape: Of a row: (H, W) or (H, W, C).
        convolutions: (filters, stride) of each 3x3 convolution.
        width: Features.
        classes: Logits.
        seed: Of the first weights and of dropout, which acts in training only; None for Keras' own choice.
    """
    seeds: Any = [None] * (len(convolutions) + 2) if seed is None else range(seed, seed + len(convolutions) + 2)
    *starts, dense, last = [keras.initializers.HeNormal(seed=s) for s in seeds[:-1]] + [seeds[-1]]
    inputs = keras.Input(shape)
    x = inputs if len(shape) == 3 else keras.layers.Reshape((*shape, 1))(inputs)
    for (filters, stride), start in zip(convolutions, starts, strict=True):
        x = keras.layers.Conv2D(filters, 3, stride, "same", activation="relu", kernel_initializer=start)(x)
    x = keras.layers.Dropout(0.3, seed=seed)(keras.layers.Flatten()(x))
    x = keras.layers.ReLU()(keras.layers.Dense(width, kernel_initializer=dense, name=FEATURES)(x))
    start = keras.initializers.GlorotUniform(seed=last)
    return keras.Model(inputs, keras.layers.Dense(classes, kernel_initializer=start, name=HEAD)(x))


def described(description: Mapping[str, Any], spec: DataSpec) -> keras.Model:
    """Build the network of a description: from rows (B, ...) in [-1, 1] to features (B, width) and logits.

    Args:
        description: With `convolutions` and `width` as for `network`, or with one of `ARCHITECTURES` by its name.
        spec: What a row is.

    Raises:
        ValueError: When it describes none.
    """
    classes = spec.classes or 0
    if "convolutions" in description:
        model = network(spec.shape, description["convolutions"], description["width"], classes, 0)
    elif description.get("architecture") in ARCHITECTURES:
        model = ARCHITECTURES[description["architecture"]](spec.shape, classes, dropout=0.0)
    else:
        raise ValueError(f"neither convolutions nor one of the architectures {', '.join(ARCHITECTURES)}")
    compared = [layer.name for layer in model.layers if layer.name == FEATURES]
    features = model.get_layer(FEATURES).output if compared else model.get_layer(HEAD).input
    return keras.Model(model.input, [features, model.output])


def features_and_logits(model: keras.Model, spec: DataSpec) -> Any:
    """Return a compiled function from rows (B, ...) of a data set to features and logits, float32 side by side."""

    def both(rows: tf.Tensor) -> tf.Tensor:
        return tf.concat(model(spec.normalise_tensor(rows), training=False), axis=1)

    return tf.function(both, input_signature=[tf.TensorSpec((None, *spec.shape), spec.dtype)], autograph=False)


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
        from safetensors import SafetensorError
        from safetensors.numpy import load

        self.description: dict[str, Any] = read_description(path)
        spec = DataSpec.from_json(self.description["data"])
        self.name, self.width = self.description["name"], self.description["width"]
        content = _checked_bytes(path.with_suffix(".safetensors"), self.description["sha256"])
        try:
            arrays = load(content)
        except (SafetensorError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise CheckpointError(f"{path}: the weights beside it are no safetensors ({error}). {_FIX}") from error
        try:
            with variables_within(FREE):
                model = described(self.description, spec)
        except (ValueError, TypeError) as error:
            raise CheckpointError(f"{path}: it describes no network ({str(error).splitlines()[0]}). {_FIX}") from error
        expected = {variable.path: tuple(variable.shape) for variable in model.weights}
        keys = [str(i) for i in range(len(expected))]
        found = {k: arrays[k].shape for k in keys if k in arrays}
        if found != dict(zip(keys, expected.values(), strict=True)) or not {CENTRE, SCALE} <= arrays.keys():
            raise CheckpointError(f"{path}: the weights beside it are not those of the network described. {_FIX}")
        # Those that are shipped are float16 to be small; the accuracy given is that of these very weights.
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
        if is_for(read_description(path), spec):
            return _read(path)
    return None


def is_for(description: Mapping[str, Any], spec: DataSpec) -> bool:
    """Return whether a classifier was trained on rows of this name, shape, type, range and number of classes."""
    known, mine = description["data"], spec.to_json()
    return all(mine[key] == known[key] for key in ("name", "shape", "dtype", "low", "high", "classes"))


def read_description(path: Path) -> dict[str, Any]:
    """Return what the JSON file of a classifier says: its data, network, hash and accuracy.

    Raises:
        CheckpointError: When it is no such file.
    """
    try:
        found = parse(path.read_bytes())
    except (OSError, SchemaError) as error:
        raise CheckpointError(f"{path}: not a readable description of a classifier ({error}). {_FIX}") from error
    try:
        known: dict[str, Any] = check(found, DESCRIPTION)
    except SchemaError as error:
        raise CheckpointError(f"{path}: not a description of a classifier: {error}. {_FIX}") from error
    return known


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


_FIX = (
    "Fix: install the package anew where it is a shipped one, else write it again with predictors.write_features(run)."
)
