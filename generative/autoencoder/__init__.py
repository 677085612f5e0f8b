"""Autoencoders."""

from generative.autoencoder.generator import Autoencoder
from generative.autoencoder.settings import AutoencoderSettings

__all__ = ["Autoencoder", "AutoencoderSettings"]
