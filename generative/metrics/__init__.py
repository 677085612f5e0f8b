"""Scores of samples against held-out data, in NumPy and float64."""

from generative.metrics.reconstruction import psnr, squared_error
from generative.metrics.sliced_wasserstein import sliced_wasserstein

__all__ = ["psnr", "sliced_wasserstein", "squared_error"]
