"""Generative adversarial networks."""

from generative.gan.collapse import CollapseAlarm
from generative.gan.flavours import DCGAN, LSGAN, TEXTBOOK, WGANGP, ConditionalGAN, HingeGAN, RelativisticGAN
from generative.gan.generator import GAN
from generative.gan.settings import GANSettings

__all__ = [
    "DCGAN",
    "GAN",
    "LSGAN",
    "TEXTBOOK",
    "WGANGP",
    "CollapseAlarm",
    "ConditionalGAN",
    "GANSettings",
    "HingeGAN",
    "RelativisticGAN",
]
