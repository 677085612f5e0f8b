"""Distances between the rows of two samples, and the balls around them that hold their nearest neighbours."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

# Distances are worked out in blocks of about this many (32 MB).
BLOCK = 4_000_000
# Below this part of the rows' own squared lengths a squared distance is what rounding leaves of 0.
ROUNDING = 1e-12


def blocks(count: int, width: int) -> Iterator[slice]:
    """Yield slices of `count` rows such that a slice times `width` columns stays within the memory meant for it."""
    size = max(1, BLOCK // max(1, width))
    for start in range(0, count, size):
        yield slice(start, min(count, start + size))


def squared_distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return squared Euclidean distances, float64 (N, M), of rows (N, D) and (M, D); 0 for equal rows."""
    lengths = np.square(first).sum(axis=1)[:, None] + np.square(second).sum(axis=1)
    distances = lengths - 2.0 * (first @ second.T)
    distances[distances < ROUNDING * lengths] = 0.0
    return distances


def squared_radii(rows: np.ndarray, k: int) -> np.ndarray:
    """Return the squared distance of each row to its k-th nearest other row, float64 (N,); k < N."""
    radii = np.empty(len(rows))
    for part in blocks(len(rows), len(rows)):
        # A row itself is the nearest to it, at distance 0.
        radii[part] = np.partition(squared_distances(rows[part], rows), k, axis=1)[:, k]
    return radii


def balls_filled(centres: np.ndarray, squared: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return in how many balls each row lies, int (M,), and whether any row lies in each ball, bool (N,).

    Args:
        centres: (N, D).
        squared: (N,), the balls' squared radii; a ball's surface is part of it.
        rows: (M, D).
    """
    counts, filled = np.zeros(len(rows), np.int64), np.zeros(len(centres), bool)
    for part in blocks(len(rows), len(centres)):
        within = squared_distances(rows[part], centres) <= squared
        counts[part] = within.sum(axis=1)
        filled |= within.any(axis=0)
    return counts, filled


def nearest_distances(rows: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Return the distance of each row (N, D) to the nearest of others (M, D), float64 (N,)."""
    nearest = np.empty(len(rows))
    for part in blocks(len(rows), len(among)):
        nearest[part] = np.sqrt(squared_distances(rows[part], among).min(axis=1))
    return nearest
