"""Diffusion models."""

from generative.diffusion.generator import Diffusion
from generative.diffusion.settings import DiffusionSettings

__all__ = ["Diffusion", "DiffusionSettings"]
