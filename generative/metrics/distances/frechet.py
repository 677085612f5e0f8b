"""The Fréchet distance between the Gaussians that two samples of features suggest."""

from __future__ import annotations

import numpy as np

from generative.metrics.checks import check_pair
from generative.metrics.jackknife import GROUPS, Estimate, group_numbers, jackknife

ROWS_PER_FEATURE = 4


def frechet_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Return the Fréchet distance (Heusel et al. 2017, "GANs trained by a two time-scale update rule", equation 6).

        |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2))

    with unbiased covariances. It is FID only on the pooled features of Inception. The distance of two finite samples
    of one distribution lies above 0, by more the fewer rows there are: hold it against that of two real samples of
    the same sizes, and compare distances of equal sizes only.

    Args:
        first: float (N, D) features; all is computed in float64.
        second: (M, D) features of the same network.

    Raises:
        TooFewSamples: When N or M is below 4 D; covariances are then mostly chance.
        UsageError: On other shapes, or values that are not finite.
    """
    a, b = _checked(first, second)
    return distance_of_moments(a.mean(axis=0), covariance(a), b.mean(axis=0), covariance(b))


def frechet_estimate(first: np.ndarray, second: np.ndarray) -> Estimate:
    """Return the Fréchet distance of float (N, D), (M, D) with its 95 % jackknife interval; see `frechet_distance`."""
    a, b = _checked(first, second)
    value = distance_of_moments(a.mean(axis=0), covariance(a), b.mean(axis=0), covariance(b))
    # Around a mean common to both, so that moments without a group are differences of sums that stay small.
    middle = (a.mean(axis=0) + b.mean(axis=0)) / 2
    parts = zip(_without_groups(a - middle), _without_groups(b - middle), strict=True)
    return jackknife(value, np.array([distance_of_moments(*p, *q) for p, q in parts]))


def covariance(rows: np.ndarray) -> np.ndarray:
    """Return the unbiased covariance, float64 (D, D), of rows (N, D)."""
    centred = rows - rows.mean(axis=0)
    return centred.T @ centred / (len(rows) - 1)


def distance_of_moments(
    mean1: np.ndarray, covariance1: np.ndarray, mean2: np.ndarray, covariance2: np.ndarray
) -> float:
    """Return the squared Fréchet (2-Wasserstein) distance of two Gaussians.

    The trace of (S1 S2)^(1/2) is that of (S1^(1/2) S2 S1^(1/2))^(1/2), whose matrix is symmetric: its eigenvalues are
    real, and negative only by rounding.

    Args:
        mean1, mean2: float64 (D,).
        covariance1, covariance2: float64 (D, D), symmetric.
    """
    values, vectors = np.linalg.eigh(covariance1)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    product = root @ covariance2 @ root
    shared = np.sqrt(np.maximum(np.linalg.eigvalsh((product + product.T) / 2), 0.0)).sum()
    shift = np.square(mean1 - mean2).sum()
    return float(shift + np.trace(covariance1) + np.trace(covariance2) - 2 * shared)


def _checked(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    width = np.shape(first)[1] if np.ndim(first) == 2 else 1
    fewest = max(2, ROWS_PER_FEATURE * width)
    return check_pair("frechet_distance", first, second, fewest, f"{ROWS_PER_FEATURE} for each of {width} features")


def _without_groups(rows: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    groups = min(GROUPS, len(rows) // 2)
    numbers = group_numbers(len(rows), groups)
    parts = [rows[numbers == g] for g in range(groups)]
    sums = np.stack([part.sum(axis=0) for part in parts])
    products = [part.T @ part for part in parts]
    total_sum, total_product = sums.sum(axis=0), np.sum(products, axis=0)
    found = []
    for part, part_sum, product in zip(parts, sums, products, strict=True):
        count = len(rows) - len(part)
        mean = (total_sum - part_sum) / count
        found.append((mean, (total_product - product - count * np.outer(mean, mean)) / (count - 1)))
    return found
