"""Diffusion models that draw rows in few steps, learnt from others."""

from generative.distillation.consistency import ConsistencyDistillation
from generative.distillation.progressive import ProgressiveDistillation

__all__ = ["ConsistencyDistillation", "ProgressiveDistillation"]
