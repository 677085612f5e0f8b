"""A GAN with a loss of your own in 15 lines: one-sided label smoothing.

Run it with `python examples/custom_gan.py [UPDATES] [RUN_DIR]`.
"""

import sys

import tensorflow as tf

from generative import GAN
from generative.gan.losses import Losses
from lab import Experiment


class SmoothGAN(GAN):
    """Asks for 0.9 instead of 1 at real rows, so that no score need be extreme (Salimans et al. 2016, section 3.4)."""

    smoothing = 0.1

    def adversarial_loss(self, real_scores, fake_scores):
        wanted = tf.fill(tf.shape(real_scores), 1.0 - self.smoothing)
        real = tf.nn.sigmoid_cross_entropy_with_logits(labels=wanted, logits=real_scores)
        fake = tf.nn.softplus(fake_scores)
        return Losses(tf.reduce_mean(real) + tf.reduce_mean(fake), tf.reduce_mean(tf.nn.softplus(-fake_scores)))


def main(updates=None, run_dir="runs/smooth_gan", **settings):
    experiment = Experiment(SmoothGAN(**settings), "digits", seed=1, run_dir=run_dir)
    experiment.train(updates)
    print(experiment.evaluate())
    print(experiment.render("samples.png"))
    return experiment


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]), *sys.argv[2:3])
