"""Writes what a classifier has learnt as a network whose features generators are evaluated with."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from generative.data.dataset import Dataset
from generative.metrics.networks.classifier import ARCHITECTURES
from generative.metrics.networks.features import FeatureNetwork
from generative.metrics.networks.writing import write_classifier
from lab.errors import bad_value
from lab.experiment.experiment import Experiment
from predictors.architectures import BY_KIND
from predictors.classifier import Classifier
from predictors.data.examples import Examples, Part
from predictors.features.convnet import FeatureConvnet

OWNER = "write_features"


def write_features(
    run: Experiment | str | os.PathLike[str], path: str | os.PathLike[str], *, dtype: str = "float32"
) -> FeatureNetwork:
    """Write a trained `Classifier` of pictures as a feature network, in the form of those that the package ships.

    Its features are what goes into its last layer, or what the dense layer of a `FeatureConvnet` gives. After
    `generative.register_features(path)` the metrics of generators of the same data are on them.

    Args:
        run: The experiment as it stands, or the directory of its run, of which the best checkpoint counts.
        path: Of the description, `FD-NAME.json`; weights go beside it. The Fréchet distance is then called FD-NAME.
        dtype: In which weights are stored; float16 takes half the room.

    Returns:
        The network, read from the files.

    Raises:
        UsageError: When it is no classifier of one data set's pictures, its network is another than a `FeatureConvnet`
            or one by the name of an architecture, or the path has no such name or is taken.
    """
    experiment = run if isinstance(run, Experiment) else Experiment.open(run)
    learner = experiment.learner
    if not isinstance(learner, Classifier):
        raise bad_value(OWNER, "run", f"one of a {type(learner).__name__}", "one of a Classifier")
    data = _pictures(experiment.task.data)  # type: ignore[attr-defined]
    weights = [weight.numpy() for weight in learner.network.weights]
    known = learner.probabilities(data.test)
    described = {**_described(learner), "updates": experiment.step, "seed": experiment.options.seed}
    return write_classifier(Path(path), described, weights, data, known, dtype)


def _described(learner: Classifier) -> dict[str, Any]:
    c = learner.config
    if isinstance(learner.given, FeatureConvnet):
        return learner.given.described()
    name = BY_KIND["image"][0] if c.architecture == "auto" else c.architecture
    if c.backbone or c.pretrained or c.input_shape:
        name = "one on a backbone"
    if learner.given is not None:
        name = "one of the user's own"
    if name not in ARCHITECTURES:
        expected = f"a FeatureConvnet, or without a backbone one of {', '.join(ARCHITECTURES)}"
        raise bad_value(OWNER, "network", name, expected, "Classifier(network=FeatureConvnet()).")
    return {"architecture": name}


def _pictures(examples: Examples) -> Dataset:
    spec, field = examples.picture, examples.spec.targets[0]
    if spec is None or len(examples.spec.targets) > 1:
        raise bad_value(
            OWNER, "run", f"one on {examples.spec.name}, which generators do not know", "one on pictures as they do",
            "train it on a name, folder:PATH, or generative.datasets.from_arrays(rows, labels, low=0, high=255).",
        )  # fmt: skip
    (name,) = examples.train.inputs

    def labels(part: Part) -> Any:
        codes = field.codes(part.targets[field.name])
        return codes if spec.label_values is None else part.targets[field.name]

    train, test = examples.train, examples.test
    return Dataset(train.inputs[name], test.inputs[name], spec, labels(train), labels(test))
