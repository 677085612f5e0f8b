"""A predictor of your own in 30 lines: a custom training step, the nearest class in a space that it learns.

Run it with `python examples/predictors/own_predictor.py [UPDATES] [RUN_DIR]`.
"""

import sys

import keras
import numpy as np
import tensorflow as tf

from lab import Experiment
from lab.networks import mlp
from predictors import MetricTable, Predictor


class Prototypes(Predictor):
    """Learns a point for each class, and takes a picture for the nearest (Snell et al. 2017, equations 1 and 2)."""

    main_metric, higher_metrics = "accuracy", ("accuracy",)

    def build(self):
        self.field, self.target = self.spec.inputs[0], self.spec.targets[0]
        self.network = mlp(int(np.prod(self.field.shape)), (128,), 16, self.seeds.integer("network"))
        start = keras.initializers.GlorotNormal(seed=self.seeds.integer("network", 1))
        self.points = keras.Variable(start((self.target.classes, 16)), name="points")
        self.variables = [*self.network.trainable_variables, self.points]
        self.optimizer = keras.optimizers.Adam(1e-3)
        self.optimizer.build(self.variables)

    def logits(self, pictures):
        places = self.network(tf.reshape(pictures, (-1, self.network.input_shape[1])))
        return -tf.reduce_sum(tf.square(places[:, None] - self.points), axis=2)

    def update(self, batch):
        with tf.GradientTape() as tape:
            logits = self.logits(batch.input)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(batch.target, logits))
        self.optimizer.apply(tape.gradient(loss, self.variables), self.variables)
        return {"loss": loss}

    def predict(self, inputs):
        pictures = self.field.held(self.checked_inputs(inputs)[self.field.name])
        return self.target.labels(tf.argmax(self.logits(self.field.seen(pictures)), axis=1).numpy())

    def scores(self, part):
        hits = self.predict(part.inputs) == part.targets[self.target.name]
        return MetricTable(accuracy=np.mean(hits))


if __name__ == "__main__":
    updates = int(sys.argv[1]) if len(sys.argv) > 1 else None
    run_dir = sys.argv[2] if len(sys.argv) > 2 else "runs/prototypes"
    experiment = Experiment(Prototypes(), "digits", seed=1, run_dir=run_dir)
    experiment.train(updates)
    print(experiment.evaluate())
