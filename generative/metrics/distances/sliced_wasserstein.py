"""The sliced Wasserstein distance: how far apart two sets of points lie, without any network."""

from __future__ import annotations

import numpy as np

PROJECTIONS = 256


def sliced_wasserstein(first: np.ndarray, second: np.ndarray, projections: int = PROJECTIONS, seed: int = 0) -> float:
    """Return the sliced 2-Wasserstein distance between two samples.

    The root of the mean, over random directions, of the squared 2-Wasserstein distance between the projections
    (Bonneel et al. 2015, "Sliced and Radon Wasserstein barycenters of measures", section 3). In one dimension the
    directions are +1 and -1, so it is the 2-Wasserstein distance itself. Two finite samples of one distribution
    lie above 0: compare with the distance between two real samples of the same sizes.

    Args:
        first: Numbers (N, ...), rows; each is flattened, as float64.
        second: (M, ...) rows of the same shape.
        projections: How many directions.
        seed: Of the directions; equal seeds make distances comparable.

    Returns:
        The distance in the rows' own unit: a shift of every value by d gives about d, whatever the dimension.

    Raises:
        ValueError: When a sample is empty or the rows' shapes differ.
    """
    if not len(first) or not len(second) or first.shape[1:] != second.shape[1:]:
        raise ValueError(
            f"sliced_wasserstein received rows {first.shape} and {second.shape}; expected two samples of one shape."
        )
    a = np.asarray(first, np.float64).reshape(len(first), -1)
    b = np.asarray(second, np.float64).reshape(len(second), -1)
    directions = np.random.default_rng(seed).standard_normal((a.shape[1], projections))
    directions /= np.linalg.norm(directions, axis=0)
    return float(np.sqrt(wasserstein_squared(a @ directions, b @ directions).mean()))


def wasserstein_squared(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the squared 2-Wasserstein distance between samples on a line, column by column.

    It is the integral over [0, 1] of the squared difference of the two quantile functions, which are steps: at
    i / N for the one and j / M for the other.

    Args:
        first: float64 (N, K).
        second: float64 (M, K).

    Returns:
        float64 (K,).
    """
    a, b = np.sort(first, axis=0), np.sort(second, axis=0)
    n, m = len(a), len(b)
    # Counted in whole multiples of 1 / (n m), where steps at equal places meet exactly.
    ends = np.union1d(np.arange(1, n + 1) * m, np.arange(1, m + 1) * n)
    starts = np.concatenate([[0], ends[:-1]])
    difference = a[starts // m] - b[starts // n]
    return (ends - starts) @ difference**2 / (n * m)
