"""Trains the features of a data set that the package ships: python -m predictors.features.recipes digits --out DIR."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from generative.augmentation.augmentation import Augmentation
from generative.data.dataset import Dataset
from generative.datasets import load
from lab.experiment.experiment import Experiment
from predictors.classifier import Classifier
from predictors.features.convnet import FeatureConvnet
from predictors.features.writing import write_features


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How a data set's classifier is made.

    Args:
        name: What the Fréchet distance on its features is called; other weights are another version.
        network: Its features are far fewer than the rows of the test part.
        updates: Training steps.
        shift: Greatest random shift, fraction of the side.
        seed: Of weights, order, shifts and dropout.
    """

    name: str
    network: FeatureConvnet
    updates: int
    shift: float
    seed: int = 0


RECIPES = {
    "digits": Recipe("FD-digits-v1", FeatureConvnet(((32, 1), (32, 2), (64, 1)), 32), 2_000, 1 / 8),
    "glyphs": Recipe("FD-glyphs-v1", FeatureConvnet(((16, 1), (32, 2), (64, 2)), 64), 6_000, 1 / 28),
}


def trained(recipe: Recipe, data: Dataset) -> Experiment:
    """Train a classifier on a data set's training rows.

    Args:
        recipe: How.
        data: Labelled images, of which generators' checkpoints are selected by none: `hold_out()[0]`.
    """
    learner = Classifier(
        network=recipe.network, batch_size=128, learning_rate=2e-3, weight_decay=1e-3, warmup_steps=1, clip_norm=None
    )
    source = data.augmented(Augmentation(shift=recipe.shift, fill="low"))
    experiment = Experiment(learner, source, seed=recipe.seed)
    experiment.train(recipe.updates)
    return experiment


def main() -> None:
    """Train, write and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", choices=sorted(RECIPES))
    parser.add_argument("--out", type=Path, required=True, help="where the files go")
    parser.add_argument("--name", help="such as FD-digits-v2; the recipe's where nothing is given")
    options = parser.parse_args()
    recipe = RECIPES[options.data]
    # Rows that select generators' checkpoints are left out: a sampler is evaluated on rows that this has not seen.
    experiment = trained(recipe, load(options.data).hold_out()[0])
    made = write_features(experiment, options.out / f"{options.name or recipe.name}.json", dtype="float16")
    print(f"{made.name}: {made.width} features, accuracy on test rows {experiment.evaluate().accuracy:.4f}")


if __name__ == "__main__":
    main()
