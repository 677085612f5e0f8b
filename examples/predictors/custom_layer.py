"""A layer and an initialiser of your own in a classifier of digits.

Run it with `python examples/predictors/custom_layer.py [UPDATES] [RUN_DIR]`.
"""

import sys

import keras

from lab import Experiment
from predictors import Classifier


class Maxout(keras.layers.Layer):
    """Gives the greatest of several linear maps (Goodfellow et al. 2013, "Maxout networks", section 2)."""

    def __init__(self, units, pieces=3, **options):
        super().__init__(**options)
        self.units, self.pieces = units, pieces

    def build(self, shape):
        self.kernel = self.add_weight((shape[-1], self.units * self.pieces), initializer="glorot_uniform")
        self.bias = self.add_weight((self.units * self.pieces,), initializer="zeros")

    def call(self, x):
        x = keras.ops.matmul(x, self.kernel) + self.bias
        return keras.ops.max(keras.ops.reshape(x, (-1, self.units, self.pieces)), axis=-1)


def network(spec):
    """Return the model for examples of this description: logits for the classes, without softmax."""
    return keras.Sequential(
        [
            keras.Input(spec.inputs[0].shape),
            keras.layers.Flatten(),
            Maxout(64),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(spec.targets[0].classes),
        ]
    )


if __name__ == "__main__":
    updates = int(sys.argv[1]) if len(sys.argv) > 1 else None
    run_dir = sys.argv[2] if len(sys.argv) > 2 else "runs/maxout"
    experiment = Experiment(Classifier(network=network), "digits", seed=1, run_dir=run_dir)
    experiment.train(updates)
    print(experiment.evaluate())
    # A file cannot make a network of yours, so whoever resumes the run gives it again.
    again = Experiment.resume(run_dir, learner=Classifier(network=network))
    print(again.learner.predict(again.task.data.test.inputs["input"][:5]))
