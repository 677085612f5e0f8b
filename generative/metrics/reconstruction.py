"""How close reconstructions come, and how close the simplest models come on the same rows."""

from __future__ import annotations

import math

import numpy as np

from generative.data.dataset import Dataset


def squared_error(data: Dataset, reconstructed: np.ndarray) -> float:
    """Return the mean squared error over all values of the test rows, with the data's range scaled to [0, 1].

    Args:
        data: Whose `test` was reconstructed.
        reconstructed: Its rows, (N, ...) in the data set's own range and dtype.
    """
    spec = data.spec
    return float(np.mean((spec.fractions(data.test) - spec.fractions(reconstructed)) ** 2))


def psnr(error: float) -> float:
    """Return the peak signal-to-noise ratio in decibels of a mean squared error on a range of [0, 1]."""
    return math.inf if error == 0 else -10.0 * math.log10(error)


def mean_row_error(data: Dataset) -> float:
    """Return the test error of always answering with the mean of the training rows, quantised like any answer."""
    mean = data.spec.normalise(data.train).mean(axis=0, dtype=np.float64)
    return squared_error(data, np.broadcast_to(data.spec.quantise(mean), data.test.shape))


def pca_error(data: Dataset, components: int) -> float:
    """Return the test error of principal components fitted to the training rows: the best linear autoencoder.

    Args:
        data: Training and test rows.
        components: The size of its latents; cut to the rank that the training rows allow.
    """
    from sklearn.decomposition import PCA

    spec = data.spec
    train = spec.normalise(data.train).reshape(len(data.train), -1).astype(np.float64)
    test = spec.normalise(data.test).reshape(len(data.test), -1).astype(np.float64)
    model = PCA(min(components, *train.shape), random_state=0).fit(train)
    answers = model.inverse_transform(model.transform(test)).reshape(data.test.shape)
    return squared_error(data, spec.quantise(answers))
