"""The maximum mean discrepancy between two clouds of points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from generative.metrics.checks import check_pair
from generative.metrics.distances.two_sample import FEWEST, unbiased_mmd
from generative.metrics.jackknife import Estimate
from generative.metrics.neighbours.neighbours import squared_distances
from lab.errors import bad_value

BANDWIDTHS = (0.02, 0.05, 0.1, 0.2, 0.5)


def gaussian_mmd(first: np.ndarray, second: np.ndarray, bandwidths: Sequence[float] = BANDWIDTHS) -> Estimate:
    """Return the unbiased squared MMD with a mean of Gaussian kernels (Gretton et al. 2012, equation 3).

    The kernel k(x, y) is the mean of exp(-|x - y|^2 / (2 s^2)) over the bandwidths s: the narrow ones see detail, the
    wide ones far modes. Bandwidths are fixed and not taken from the samples, so that values can be compared. The
    result may be negative.

    Args:
        first: float (N, D) points of few dimensions, N >= 3.
        second: float (M, D) points, M >= 3.
        bandwidths: In the points' own unit; the default suits points whose range is scaled to [0, 1].

    Returns:
        The squared discrepancy and its 95 % interval.

    Raises:
        TooFewSamples: When there are fewer points.
        UsageError: On other shapes, bandwidths that are not > 0, or values that are not finite.
    """
    a, b = check_pair("gaussian_mmd", first, second, FEWEST)
    if not len(bandwidths) or min(bandwidths) <= 0:
        raise bad_value("gaussian_mmd", "bandwidths", tuple(bandwidths), "at least one, all > 0")

    def kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        negative = -0.5 * squared_distances(x, y)
        values = np.zeros_like(negative)
        for bandwidth in bandwidths:
            values += np.exp(negative / bandwidth**2)
        return values / len(bandwidths)

    return unbiased_mmd(a, b, kernel)
