"""A subclassed Keras model, and a step size that falls in stairs by a callback.

Run it with `python examples/predictors/subclassed_model.py [UPDATES] [RUN_DIR]`.
"""

import sys

import keras

from lab import Experiment
from lab.callbacks import EarlyStopping, LearningRateSchedule
from predictors import Classifier


class Residual(keras.Model):
    """Adds what two dense layers make of the picture to it, and gives logits."""

    def __init__(self, size, classes):
        super().__init__()
        self.flatten = keras.layers.Flatten()
        self.wide = keras.layers.Dense(128, activation="relu")
        self.narrow = keras.layers.Dense(size)
        self.norm = keras.layers.BatchNormalization()
        self.top = keras.layers.Dense(classes)

    def call(self, x, training=False):
        x = self.flatten(x)
        return self.top(self.norm(x + self.narrow(self.wide(x)), training=training))


def network(spec):
    """Return the model for examples of this description."""
    height, width = spec.inputs[0].shape[:2]
    return Residual(height * width, spec.targets[0].classes)


if __name__ == "__main__":
    updates = int(sys.argv[1]) if len(sys.argv) > 1 else None
    run_dir = sys.argv[2] if len(sys.argv) > 2 else "runs/residual"
    stairs = keras.optimizers.schedules.ExponentialDecay(2e-3, 500, 0.5, staircase=True)
    experiment = Experiment(
        Classifier(network=network, schedule="constant"),
        "digits",
        seed=1,
        run_dir=run_dir,
        callbacks=[LearningRateSchedule(stairs), EarlyStopping(monitor="loss", patience=1_000)],
    )
    experiment.train(updates)
    print(experiment.evaluate())
