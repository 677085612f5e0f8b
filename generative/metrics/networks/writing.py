"""Writes a trained classifier in the form that `Classifier` reads: a JSON file, and its weights beside it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from generative.data.batching import in_batches
from generative.data.dataset import Dataset
from generative.data.labels import label_codes
from generative.metrics.networks.classifier import CENTRE, SCALE, WEIGHTS, Classifier, described, features_and_logits
from lab.errors import UsageError, bad_value
from lab.files.atomic import replacing

NAME = re.compile(r"FD-[A-Za-z0-9][A-Za-z0-9._-]*")
# Of probabilities: what another order of sums makes of float32.
TOLERANCE = 1e-3


def write_classifier(
    path: Path,
    described_as: Mapping[str, Any],
    weights: Sequence[np.ndarray],
    data: Dataset,
    probabilities: np.ndarray,
    dtype: str = "float32",
) -> Classifier:
    """Write a classifier, its description and what it reaches on the test rows, and read it again.

    Args:
        path: Of the description, `FD-NAME.json`; the distance on its features bears that name.
        described_as: What `described` builds the network of, and whatever else shall be known of it.
        weights: In the order of that network's.
        data: What it was trained on, with labels. `train` gives the features their centre and unit; `test` is only
            reported on.
        probabilities: What it answers on the test rows, (N, K), which the network so described must answer too.
        dtype: In which weights are stored; float16 takes half the room.

    Raises:
        UsageError: When the name is none or taken, or the network described is another one than that.
    """
    from safetensors.numpy import save

    owner, path = "write_classifier", Path(path)
    _check_free(owner, path)
    model = described(described_as, data.spec)
    if [tuple(w.shape) for w in model.weights] != [w.shape for w in weights]:
        raise bad_value(owner, "weights", f"{len(weights)} arrays", f"those of the network, {len(model.weights)}")
    stored = [np.asarray(weight, dtype) for weight in weights]
    model.set_weights([weight.astype(np.float32) for weight in stored])
    both, width = features_and_logits(model, data.spec), int(model.output[0].shape[-1])
    _check_same(owner, in_batches(both, data.test)[:, width:], probabilities, dtype)
    features = in_batches(both, data.train)[:, :width].astype(np.float64)
    arrays = {str(i): np.ascontiguousarray(weight) for i, weight in enumerate(stored)}
    arrays[CENTRE] = features.mean(axis=0).astype(np.float32)
    arrays[SCALE] = np.array(1.0 / np.sqrt(features.var(axis=0).mean()), np.float32)
    content = save(arrays)
    codes = None if data.test_labels is None else label_codes(data.spec, data.test_labels)
    description = {
        "name": path.stem,
        **described_as,
        "width": width,
        "data": data.spec.to_json(),
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "rows": {"train": len(data.train), "test": len(data.test)},
        "test_accuracy": None if codes is None else float(np.mean(probabilities.argmax(axis=1) == codes)),
    }
    # The description last: without it the weights are nothing.
    with replacing(path.with_suffix(".safetensors")) as partial:
        partial.write_bytes(content)
    with replacing(path) as partial:
        partial.write_text(json.dumps(description, indent=1) + "\n")
    return Classifier(path)


def _check_free(owner: str, path: Path) -> None:
    if path.suffix != ".json" or not NAME.fullmatch(path.stem):
        expected = "FD-NAME.json, where the distance on its features is called FD-NAME"
        raise bad_value(owner, "path", path.name, expected, "features/FD-mine-v1.json.")
    shipped = (WEIGHTS / path.name).exists() and path.parent.resolve() != WEIGHTS
    if shipped or path.exists() or path.with_suffix(".safetensors").exists():
        expected = "a name that is free: other features are another distance"
        raise bad_value(owner, "path", str(path), expected, "count its version up, such as -v2.")


def _check_same(owner: str, logits: np.ndarray, probabilities: np.ndarray, dtype: str) -> None:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    found = shifted / shifted.sum(axis=1, keepdims=True)
    # float16 has 11 bits.
    most = float(np.abs(found - probabilities).max())
    if not most <= (TOLERANCE if dtype == "float32" else 0.1):
        raise UsageError(
            f"{owner}: received a network that answers otherwise than the classifier does, by a probability of up to "
            f"{most:.3f}; expected the same. Fix: a classifier without test views, pruning, int8 or bfloat16, whose "
            "network alone gives its answers."
        )
