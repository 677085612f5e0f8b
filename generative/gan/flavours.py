"""Well-known GANs: other losses, and other choices of settings."""

from __future__ import annotations

from typing import ClassVar

import tensorflow as tf

from generative.gan import losses
from generative.gan.generator import GAN
from generative.gan.losses import Losses
from generative.gan.settings import GANSettings
from lab.config import Settings, with_defaults

# The plainest one, as books have it, for benchmarks to compare with.
TEXTBOOK = GANSettings(
    network="dense", hidden_sizes=(128,), latent_size=64, learning_rate=2e-4, beta_1=0.5, beta_2=0.999, r1=0.0,
    average_decay=0.0,
)  # fmt: skip


class LSGAN(GAN):
    """Draws scores to 1 for real and 0 for fake (Mao et al. 2017, "Least Squares GANs")."""

    Settings: ClassVar[type[Settings]] = with_defaults(GANSettings, "LSGANSettings")

    def adversarial_loss(self, real_scores: tf.Tensor, fake_scores: tf.Tensor) -> Losses:
        return losses.least_squares(real_scores, fake_scores)


class HingeGAN(GAN):
    """Asks for a margin, of a discriminator with spectral normalisation (Miyato et al. 2018, "SNGAN")."""

    Settings: ClassVar[type[Settings]] = with_defaults(GANSettings, "HingeGANSettings", spectral_norm=True, r1=0.0)

    def adversarial_loss(self, real_scores: tf.Tensor, fake_scores: tf.Tensor) -> Losses:
        return losses.hinge(real_scores, fake_scores)


class WGANGP(GAN):
    """Estimates the Wasserstein distance with a critic of slope 1 (Gulrajani et al. 2017, "Improved Training")."""

    Settings: ClassVar[type[Settings]] = with_defaults(
        GANSettings, "WGANGPSettings", r1=0.0, gradient_penalty=10.0, discriminator_steps=2
    )

    def adversarial_loss(self, real_scores: tf.Tensor, fake_scores: tf.Tensor) -> Losses:
        return losses.wasserstein(real_scores, fake_scores)


class RelativisticGAN(GAN):
    """Scores samples beside real rows, with penalties at both (Huang et al. 2024, "R3GAN")."""

    Settings: ClassVar[type[Settings]] = with_defaults(GANSettings, "RelativisticGANSettings", r2=0.1)

    def adversarial_loss(self, real_scores: tf.Tensor, fake_scores: tf.Tensor) -> Losses:
        return losses.relativistic(real_scores, fake_scores)


class DCGAN(GAN):
    """Plays with strided and transpose convolutions (Radford et al. 2016), normalised by groups and not by batches."""

    Settings: ClassVar[type[Settings]] = with_defaults(GANSettings, "DCGANSettings", network="dcgan")


class ConditionalGAN(GAN):
    """Tells both players the label (Miyato and Koyama 2018, "cGANs with Projection Discriminator")."""

    Settings: ClassVar[type[Settings]] = with_defaults(GANSettings, "ConditionalGANSettings", conditional=True)
