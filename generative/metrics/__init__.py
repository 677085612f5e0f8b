"""Scores of samples against held-out data, in NumPy and float64."""

from generative.metrics.checks import TooFewSamples
from generative.metrics.distances.frechet import frechet_distance, frechet_estimate
from generative.metrics.distances.gaussian_mmd import gaussian_mmd
from generative.metrics.distances.kernel_distance import kernel_distance
from generative.metrics.distances.sliced_wasserstein import sliced_wasserstein
from generative.metrics.jackknife import Estimate
from generative.metrics.neighbours.density_coverage import density_coverage
from generative.metrics.neighbours.nearest_train import nearest_train
from generative.metrics.neighbours.precision_recall import precision_recall
from generative.metrics.networks.classes import class_distance, class_shares, classifier_confidence, classifier_score
from generative.metrics.reconstruction import psnr, squared_error

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
