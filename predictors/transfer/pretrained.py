"""A classifier that was trained here as backbone: what of its settings and weights goes on."""

from __future__ import annotations

import hashlib
import os
from typing import Any, NamedTuple

import keras
import numpy as np

from lab.errors import UsageError, bad_value
from lab.networks.combined.features import features_of
from predictors.architectures import BY_KIND
from predictors.transfer.pictures import picture_shape

# What the backbone must share with the network that it comes from.
INHERITED = ("architecture", "hidden_sizes", "input_shape")


class Origin(NamedTuple):
    """A trained network, apart from its last layer.

    Attributes:
        settings: Those in `INHERITED`, as plain values: with them it is built again where the run is not there.
        weights: In the order of the backbone's.
        name: What the run or the data set is called, without its folder.
    """

    settings: dict[str, Any]
    weights: tuple[np.ndarray, ...]
    name: str

    @property
    def digest(self) -> str:
        """SHA-256 of the weights."""
        total = hashlib.sha256()
        for array in self.weights:
            total.update(f"{array.shape}{array.dtype}".encode())
            total.update(np.ascontiguousarray(array).tobytes())
        return total.hexdigest()


def origin_of(owner: str, learner: Any, name: str) -> Origin:
    """Return what of a trained predictor serves as backbone.

    Args:
        owner: Who asks, for errors.
        learner: A built predictor of pictures, with a network by name.
        name: What to call it.

    Raises:
        UsageError: When it has no such network.
    """
    if not learner.built or not hasattr(learner, "network"):
        raise bad_value(
            owner, "pretrained", type(learner).__name__, "a trained Classifier, or the directory of its run"
        )
    config, inputs, targets = learner.config, learner.spec.inputs, learner.spec.targets
    expected = "one that made its network by the name of an architecture, from one picture to one target"
    if learner.given is not None or getattr(config, "backbone", None) or not hasattr(config, "architecture"):
        raise bad_value(owner, "pretrained", f"{name}, whose network is of another kind", expected)
    if len(inputs) != 1 or inputs[0].kind != "image" or len(targets) != 1 or len(inputs[0].centre) != 1:
        raise bad_value(owner, "pretrained", f"{name}, of other inputs or targets", expected)
    architecture = config.architecture if config.architecture != "auto" else BY_KIND["image"][0]
    backbone = getattr(learner, "backbone", None)
    if backbone is None:
        backbone = features_of(learner.network)
    settings = {
        "architecture": architecture,
        "hidden_sizes": tuple(config.hidden_sizes),
        "input_shape": tuple(getattr(config, "input_shape", None) or ()) or picture_shape(inputs[0].shape),
    }
    return Origin(settings, tuple(weight.numpy().copy() for weight in backbone.weights), name)


def inherited(owner: str, theirs: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Return settings given, completed by the origin's; pictures may be brought to another size than there.

    Raises:
        UsageError: When one given is not the origin's.
    """
    for name in INHERITED[:2]:
        value = given.get(name, theirs[name])
        if (tuple(value) if isinstance(value, list) else value) not in (theirs[name], "auto"):
            raise bad_value(owner, name, value, f"the pre-trained network's, {theirs[name]!r}", "leave it out.")
    shape = tuple(given.get("input_shape", ())) or theirs["input_shape"]
    return {**given, **{name: theirs[name] for name in INHERITED}, "input_shape": shape}


def take_weights(owner: str, origin: Origin, backbone: keras.Model) -> None:
    """Give a backbone the weights of the network that it comes from.

    Raises:
        UsageError: When it is of another shape.
    """
    mine, theirs = [tuple(w.shape) for w in backbone.weights], [w.shape for w in origin.weights]
    if mine != theirs:
        first = next((pair for pair in zip(mine, theirs, strict=False) if pair[0] != pair[1]), (len(mine), len(theirs)))
        shape = origin.settings["input_shape"]
        raise UsageError(
            f"{owner}: pretrained received {origin.name!r}, whose weights are of other shapes ({first[1]}) than this "
            f"backbone's ({first[0]}). Fix: input_shape={shape}, as it was trained; only a network that ends in the "
            "mean over all places, such as resnet, takes pictures of another size."
        )
    for weight, value in zip(backbone.weights, origin.weights, strict=True):
        weight.assign(value)


def run_name(path: str | os.PathLike[str]) -> str:
    """Return the last part of a run's path."""
    return os.path.basename(os.path.abspath(os.fspath(path)))
