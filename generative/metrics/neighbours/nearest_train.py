"""A check for memorising: are samples nearer to the training rows than unseen real rows are?"""

from __future__ import annotations

import numpy as np

from generative.metrics.checks import TooFewSamples, check_pair
from generative.metrics.neighbours.neighbours import nearest_distances


def nearest_train(sampled: np.ndarray, test: np.ndarray, train: np.ndarray) -> float:
    """Return how near samples lie to the training rows, where unseen real rows lie at 1.

    The mean distance to the nearest training row, of samples over that of test rows (the comparison of Meehan
    et al. 2020, "A non-parametric test to detect data-copying in generative models", as a ratio of means). Copies of
    training rows give 0; well below 1 tells of memorising, well above 1 of samples unlike any real row.

    Args:
        sampled: float (N, D), features or values.
        test: float (M, D) of rows held out from training.
        train: float (L, D) of the training rows.

    Raises:
        TooFewSamples: When every test row is a training row too.
        UsageError: On other shapes, or values that are not finite.
    """
    return relative_to_usual(sampled, train, usual_distance(test, train))


def usual_distance(test: np.ndarray, train: np.ndarray) -> float:
    """Return the mean distance of unseen rows to the nearest training row; see `nearest_train`."""
    unseen, seen = check_pair("nearest_train", test, train)
    usual = float(nearest_distances(unseen, seen).mean())
    if usual == 0:
        raise TooFewSamples(
            "nearest_train: test received no row that is not among the training rows too; expected some. "
            "Fix: hold out rows that training does not see."
        )
    return usual


def relative_to_usual(sampled: np.ndarray, train: np.ndarray, usual: float) -> float:
    """Return the mean distance of samples to the nearest training row, over that of unseen rows."""
    a, b = check_pair("nearest_train", sampled, train)
    return float(nearest_distances(a, b).mean() / usual)
