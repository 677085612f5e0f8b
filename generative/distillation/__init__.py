"""Diffusion models that draw rows in few steps, learnt from others."""

from generative.distillation.progressive import ProgressiveDistillation

__all__ = ["ProgressiveDistillation"]
