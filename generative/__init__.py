"""Generators: learners that model a data set and draw new rows of it. Names load on first use."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from generative.autoencoder import Autoencoder, AutoencoderSettings
    from generative.base import Batch, Generator
    from generative.data import Dataset, DataSpec
    from generative.diffusion import DDPM, EDM, Diffusion, DiffusionSettings, RectifiedFlow

_HOMES = {
    "DDPM": "generative.diffusion",
    "EDM": "generative.diffusion",
    "Autoencoder": "generative.autoencoder",
    "AutoencoderSettings": "generative.autoencoder",
    "Batch": "generative.base",
    "DataSpec": "generative.data",
    "Dataset": "generative.data",
    "Diffusion": "generative.diffusion",
    "DiffusionSettings": "generative.diffusion",
    "Generator": "generative.base",
    "RectifiedFlow": "generative.diffusion",
}

__all__ = [
    "DDPM",
    "EDM",
    "Autoencoder",
    "AutoencoderSettings",
    "Batch",
    "DataSpec",
    "Dataset",
    "Diffusion",
    "DiffusionSettings",
    "Generator",
    "RectifiedFlow",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'generative' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
