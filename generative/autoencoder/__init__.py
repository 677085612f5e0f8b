"""Autoencoders."""

from generative.autoencoder.conditional import ConditionalVAE
from generative.autoencoder.denoising import DenoisingAutoencoder, DenoisingAutoencoderSettings
from generative.autoencoder.generator import Autoencoder
from generative.autoencoder.settings import AutoencoderSettings
from generative.autoencoder.sparse import SparseAutoencoder, SparseAutoencoderSettings
from generative.autoencoder.vae import VAE, VAESettings
from generative.autoencoder.vqvae import VQVAE, VQVAESettings

__all__ = [
    "VAE",
    "VQVAE",
    "Autoencoder",
    "AutoencoderSettings",
    "ConditionalVAE",
    "DenoisingAutoencoder",
    "DenoisingAutoencoderSettings",
    "SparseAutoencoder",
    "SparseAutoencoderSettings",
    "VAESettings",
    "VQVAESettings",
]
