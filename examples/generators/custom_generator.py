"""A generator of your own in 30 lines: flow matching on the digits.

Run it with `python examples/generators/custom_generator.py [UPDATES] [RUN_DIR]`.
"""

import math
import sys

import keras
import numpy as np
import tensorflow as tf

from generative import Generator
from lab import Experiment
from lab.networks import mlp


class FlowMatching(Generator):
    """Learns the velocity of straight paths from noise to data (Lipman et al. 2023, "Flow Matching", section 4)."""

    default_steps = 4_000

    def build(self):
        self.size = math.prod(self.spec.shape)
        self.network = mlp(self.size + 1, (256, 256), self.size, self.seeds.integer("network"))
        self.optimizer = keras.optimizers.Adam(1e-3)
        self.optimizer.build(self.network.trainable_variables)
        self.noise = keras.random.SeedGenerator(self.seeds.integer("data", 1))

    def update(self, batch):
        data = tf.reshape(batch.data, (-1, self.size))
        noise = keras.random.normal(tf.shape(data), seed=self.noise)
        time = keras.random.uniform((tf.shape(data)[0], 1), seed=self.noise)
        inputs = tf.concat([(1.0 - time) * noise + time * data, time], axis=1)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(self.network(inputs) - (data - noise)))
        variables = self.network.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return {"loss": loss}

    def sample(self, number, seed=None):
        rows = self.rng(seed).standard_normal((self.count(number), self.size)).astype(np.float32)
        for time in np.linspace(0.0, 1.0, 50, endpoint=False, dtype=np.float32):
            rows += self.network(np.insert(rows, self.size, time, axis=1)).numpy() / 50
        return self.spec.quantise(rows.reshape(len(rows), *self.spec.shape))


if __name__ == "__main__":
    updates = int(sys.argv[1]) if len(sys.argv) > 1 else None
    run_dir = sys.argv[2] if len(sys.argv) > 2 else "runs/flow_matching"
    experiment = Experiment(FlowMatching(), "digits", seed=1, run_dir=run_dir)
    experiment.train(updates)
    print(experiment.evaluate())
    print(experiment.render("samples.png"))
