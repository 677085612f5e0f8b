"""Diffusion models."""

from generative.diffusion.generator import Diffusion
from generative.diffusion.parametrisation import PARAMETRISATIONS, Parametrisation, log_ratio, min_snr, unit_input
from generative.diffusion.presets import DDPM, EDM, RectifiedFlow
from generative.diffusion.settings import DiffusionSettings

__all__ = [
    "DDPM",
    "EDM",
    "PARAMETRISATIONS",
    "Diffusion",
    "DiffusionSettings",
    "Parametrisation",
    "RectifiedFlow",
    "log_ratio",
    "min_snr",
    "unit_input",
]
