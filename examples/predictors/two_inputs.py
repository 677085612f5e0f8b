"""A functional model with two inputs and two outputs: a picture and numbers beside it, a class and a number to learn.

Run it with `python examples/predictors/two_inputs.py [UPDATES] [RUN_DIR]`.
"""

import sys

import keras
import numpy as np

from generative.datasets import load
from lab import Experiment
from predictors import Classifier, from_arrays


def examples():
    """Return digits of which the lower half is hidden, with how dark that half is; their class and ink to learn."""
    digits = load("digits")
    pictures, hidden = digits.train.copy(), digits.train[:, 4:]
    pictures[:, 4:] = 0
    inputs = {"picture": pictures, "darkness": hidden.mean(axis=(1, 2, 3)).astype(np.float32)}
    targets = {"digit": digits.train_labels, "ink": digits.train.reshape(len(hidden), -1).sum(axis=1).astype(float)}
    return from_arrays(inputs, targets, ranges={"picture": (0, 16)}, name="half digits")


def network(spec):
    """Join what convolutions see of the picture with the number, and give an output for each target."""
    picture = keras.Input(spec.inputs[0].shape, name="picture")
    darkness = keras.Input(spec.inputs[1].shape, name="darkness")
    x = keras.layers.Conv2D(16, 3, padding="same", activation="relu")(picture)
    x = keras.layers.Concatenate()([keras.layers.Flatten()(x), darkness])
    x = keras.layers.Dense(64, activation="relu")(x)
    outputs = {"digit": keras.layers.Dense(10)(x), "ink": keras.layers.Dense(1)(x)}
    return keras.Model({"picture": picture, "darkness": darkness}, outputs)


if __name__ == "__main__":
    updates = int(sys.argv[1]) if len(sys.argv) > 1 else None
    run_dir = sys.argv[2] if len(sys.argv) > 2 else "runs/half_digits"
    experiment = Experiment(Classifier(network=network), examples(), seed=1, run_dir=run_dir)
    experiment.train(updates)
    print(experiment.evaluate())
