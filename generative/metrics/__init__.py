"""Scores of samples against held-out data, in NumPy and float64."""

from generative.metrics.checks import TooFewSamples
from generative.metrics.classes import class_distance, class_shares, classifier_confidence, classifier_score
from generative.metrics.density_coverage import density_coverage
from generative.metrics.frechet import frechet_distance, frechet_estimate
from generative.metrics.gaussian_mmd import gaussian_mmd
from generative.metrics.jackknife import Estimate
from generative.metrics.kernel_distance import kernel_distance
from generative.metrics.nearest_train import nearest_train
from generative.metrics.precision_recall import precision_recall
from generative.metrics.reconstruction import psnr, squared_error
from generative.metrics.sliced_wasserstein import sliced_wasserstein

__all__ = [
    "Estimate",
    "TooFewSamples",
    "class_distance",
    "class_shares",
    "classifier_confidence",
    "classifier_score",
    "density_coverage",
    "frechet_distance",
    "frechet_estimate",
    "gaussian_mmd",
    "kernel_distance",
    "nearest_train",
    "precision_recall",
    "psnr",
    "sliced_wasserstein",
    "squared_error",
]
