"""An autoencoder of your own in 25 lines: the Wasserstein autoencoder.

Run it with `python examples/generators/custom_autoencoder.py [UPDATES] [RUN_DIR]`.
"""

import sys

import keras
import tensorflow as tf

from generative import Autoencoder
from generative.autoencoder.priors.prior import StandardNormal
from lab import Experiment


def similarity(a, b):
    """Return the mean inverse multiquadric kernel of all pairs of latents, (N, size) and (M, size)."""
    distances = tf.reduce_sum(tf.square(a[:, None] - b[None]), axis=2)
    scale = 2.0 * a.shape[1]
    return tf.reduce_mean(scale / (scale + distances))


class WassersteinAutoencoder(Autoencoder):
    """Pulls all latents together towards N(0, I), none on its own (Tolstikhin et al. 2018, "WAE", algorithm 2)."""

    weight = 0.1

    def build(self):
        self.noise = keras.random.SeedGenerator(self.seeds.integer("data", 1))
        super().build()

    def make_prior(self):
        return StandardNormal(self.config.latent_size)

    def penalty(self, latents):
        wanted = keras.random.normal(tf.shape(latents), seed=self.noise)
        apart = similarity(latents, latents) + similarity(wanted, wanted) - 2.0 * similarity(latents, wanted)
        return self.weight * apart


def main(updates=None, run_dir="runs/wasserstein_autoencoder", **settings):
    experiment = Experiment(WassersteinAutoencoder(**settings), "digits", seed=1, run_dir=run_dir)
    experiment.train(updates)
    print(experiment.evaluate())
    print(experiment.render("samples.png"))
    return experiment


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]), *sys.argv[2:3])
