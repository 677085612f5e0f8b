"""Diffusion models."""

from generative.diffusion.generator import Diffusion
from generative.diffusion.presets import DDPM, EDM, RectifiedFlow
from generative.diffusion.settings import DiffusionSettings

__all__ = ["DDPM", "EDM", "Diffusion", "DiffusionSettings", "RectifiedFlow"]
