"""The kernel distance between two samples of features."""

from __future__ import annotations

import numpy as np

from generative.metrics.checks import check_pair
from generative.metrics.distances.two_sample import FEWEST, unbiased_mmd
from generative.metrics.jackknife import Estimate


def kernel_distance(first: np.ndarray, second: np.ndarray) -> Estimate:
    """Return the kernel distance: KID, on features of any network (Binkowski et al. 2018, "Demystifying MMD GANs").

    It is the unbiased squared MMD with the kernel k(x, y) = (x y / D + 1)^3 (section 4), over all rows where the
    paper averages over subsets. Its mean does not depend on the number of rows, and it may be negative.

    Args:
        first: float (N, D) features, N >= 3.
        second: float (M, D) features of the same network, M >= 3.

    Returns:
        The distance and its 95 % interval.

    Raises:
        TooFewSamples: When there are fewer rows.
        UsageError: On other shapes, or values that are not finite.
    """
    a, b = check_pair("kernel_distance", first, second, FEWEST)
    return unbiased_mmd(a, b, _cubic)


def _cubic(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    values = first @ second.T / first.shape[1] + 1.0
    return values * values * values
