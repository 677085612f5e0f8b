"""Which networks the images of a data set are evaluated with."""

from __future__ import annotations

import os
from pathlib import Path

from generative.metrics.networks.classifier import WEIGHTS, Classifier, is_for, shipped_classifier
from generative.metrics.networks.features import FeatureNetwork
from generative.metrics.networks.random_features import RandomFeatures
from generative.spec import DataSpec
from lab.errors import bad_value

_registered: dict[str, Classifier] = {}


def register_features(path: str | os.PathLike[str]) -> FeatureNetwork:
    """Let images of a data set be evaluated with a classifier of one's own, in this process from now on.

    It takes the place of a shipped one for data of the same name, shape, type, range and number of classes; the
    distance bears its name. Each process that evaluates such a run calls this first; on the command line a module that
    calls it does, `--import MODULE`.

    Args:
        path: The JSON file that `predictors.write_features` wrote, with the weights beside it.

    Raises:
        CheckpointError: When a file is missing or damaged.
        UsageError: When another network has that name.
    """
    found = Classifier(Path(path))
    digest, known = found.description["sha256"], _registered.get(found.name)
    if (WEIGHTS / f"{found.name}.json").exists() or (known and known.description["sha256"] != digest):
        fix = "write it under another name, such as one with a higher version."
        raise bad_value("register_features", "name", found.name, "one that no other network has", fix)
    _registered.pop(found.name, None)
    _registered[found.name] = found
    return found


def classifier_for(spec: DataSpec) -> Classifier | None:
    """Return the classifier of a data set, the one registered last before a shipped one, or None."""
    for found in reversed(_registered.values()):
        if is_for(found.description, spec):
            return found
    return shipped_classifier(spec)


def feature_networks(spec: DataSpec) -> list[FeatureNetwork]:
    """Return what images of a data set are evaluated with: its own classifier where there is one, and a random one.

    Args:
        spec: What a row is; anything but images has no network.
    """
    if not spec.is_image:
        return []
    classifier = classifier_for(spec)
    return [*([classifier] if classifier is not None else []), RandomFeatures(spec)]
