"""A GAN with a loss and a setting of your own in 10 lines: one-sided label smoothing.

Run it with `python examples/generators/custom_gan.py [UPDATES] [RUN_DIR]`.
"""

import dataclasses
import sys

import tensorflow as tf

from generative import GAN
from generative.gan import GANSettings
from generative.gan.losses import Losses
from lab import Experiment
from lab.config import setting


@dataclasses.dataclass(frozen=True)
class SmoothGANSettings(GANSettings):
    smoothing: float = setting(0.1, "what real rows lack of a score of 1", at_least=0, below=1)


class SmoothGAN(GAN):
    """Asks for 0.9 instead of 1 at real rows, so that no score need be extreme (Salimans et al. 2016, section 3.4)."""

    Settings = SmoothGANSettings

    def adversarial_loss(self, real_scores, fake_scores):
        wanted = tf.ones_like(real_scores) - self.config.smoothing
        real = tf.nn.sigmoid_cross_entropy_with_logits(labels=wanted, logits=real_scores)
        fake, fooled = tf.nn.softplus(fake_scores), tf.nn.softplus(-fake_scores)
        return Losses(tf.reduce_mean(real + fake), tf.reduce_mean(fooled))


def main(updates=None, run_dir="runs/smooth_gan", **settings):
    experiment = Experiment(SmoothGAN(**settings), "digits", seed=1, run_dir=run_dir)
    experiment.train(updates)
    print(experiment.evaluate())
    print(experiment.render("samples.png"))
    return experiment


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]), *sys.argv[2:3])
