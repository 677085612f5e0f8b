"""Generators: learners that model a data set and draw new rows of it. Names load on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lab.registry import tasks
from lab.runtime.loading import load

if TYPE_CHECKING:
    from generative.autoencoder import (
        VAE,
        VQVAE,
        Autoencoder,
        AutoencoderSettings,
        ConditionalVAE,
        DenoisingAutoencoder,
        DenoisingAutoencoderSettings,
        SparseAutoencoder,
        SparseAutoencoderSettings,
        VAESettings,
        VQVAESettings,
    )
    from generative.base import Batch, Generator
    from generative.data.dataset import Dataset, DataSpec
    from generative.diffusion import DDPM, EDM, Diffusion, DiffusionSettings, RectifiedFlow
    from generative.distillation import ConsistencyDistillation, ProgressiveDistillation
    from generative.gan import (
        DCGAN,
        GAN,
        LSGAN,
        WGANGP,
        CollapseAlarm,
        ConditionalGAN,
        GANSettings,
        HingeGAN,
        RelativisticGAN,
    )
    from generative.metrics.networks.choice import register_features

_HOMES = {
    "Autoencoder": "generative.autoencoder",
    "AutoencoderSettings": "generative.autoencoder",
    "Batch": "generative.base",
    "CollapseAlarm": "generative.gan",
    "ConditionalGAN": "generative.gan",
    "ConditionalVAE": "generative.autoencoder",
    "ConsistencyDistillation": "generative.distillation",
    "DCGAN": "generative.gan",
    "DDPM": "generative.diffusion",
    "DataSpec": "generative.data.dataset",
    "Dataset": "generative.data.dataset",
    "DenoisingAutoencoder": "generative.autoencoder",
    "DenoisingAutoencoderSettings": "generative.autoencoder",
    "Diffusion": "generative.diffusion",
    "DiffusionSettings": "generative.diffusion",
    "EDM": "generative.diffusion",
    "GAN": "generative.gan",
    "GANSettings": "generative.gan",
    "Generator": "generative.base",
    "HingeGAN": "generative.gan",
    "LSGAN": "generative.gan",
    "ProgressiveDistillation": "generative.distillation",
    "RectifiedFlow": "generative.diffusion",
    "RelativisticGAN": "generative.gan",
    "SparseAutoencoder": "generative.autoencoder",
    "SparseAutoencoderSettings": "generative.autoencoder",
    "VAE": "generative.autoencoder",
    "VAESettings": "generative.autoencoder",
    "VQVAE": "generative.autoencoder",
    "VQVAESettings": "generative.autoencoder",
    "WGANGP": "generative.gan",
    "register_features": "generative.metrics.networks.choice",
}

# What feeds generators, by name, so that a generator loads nothing of it before it is trained.
tasks.register("generative.base:Generator", "generative.training.task:DatasetTask")

__all__ = [
    "DCGAN",
    "DDPM",
    "EDM",
    "GAN",
    "LSGAN",
    "VAE",
    "VQVAE",
    "WGANGP",
    "Autoencoder",
    "AutoencoderSettings",
    "Batch",
    "CollapseAlarm",
    "ConditionalGAN",
    "ConditionalVAE",
    "ConsistencyDistillation",
    "DataSpec",
    "Dataset",
    "DenoisingAutoencoder",
    "DenoisingAutoencoderSettings",
    "Diffusion",
    "DiffusionSettings",
    "GANSettings",
    "Generator",
    "HingeGAN",
    "ProgressiveDistillation",
    "RectifiedFlow",
    "RelativisticGAN",
    "SparseAutoencoder",
    "SparseAutoencoderSettings",
    "VAESettings",
    "VQVAESettings",
    "register_features",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(load(_HOMES[name]), name)
    raise AttributeError(f"module 'generative' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
