"""Friedman's function: ten numbers, of which five decide, to predict one from."""

from __future__ import annotations

import numpy as np

from generative.datasets.synthetic import TEST, TRAIN, check_counts, stream
from lab.errors import bad_value
from predictors.data.arrays import INPUT, from_arrays
from predictors.data.examples import Examples

COLUMNS = 10


def load(train: int = 2_000, test: int = 1_000, seed: int = 0, noise: float = 1.0) -> Examples:
    """Return numbers float64 (N, 10), even over [0, 1], and `function` of them with Gaussian noise.

    Args:
        train, test: Rows.
        seed: Another seed gives other rows.
        noise: Standard deviation; no predictor has a smaller root mean squared error.
    """
    check_counts("friedman", train, test, seed)
    if not 0.0 <= noise < np.inf:
        raise bad_value("friedman", "noise", noise, "a number >= 0")
    parts = []
    for count, split in ((train, TRAIN), (test, TEST)):
        rng = stream(seed, split)
        rows = rng.uniform(size=(count, COLUMNS))
        parts.append((rows, function(rows) + noise * rng.standard_normal(count)))
    names = {INPUT: tuple(f"x{i + 1}" for i in range(COLUMNS))}
    return from_arrays(*parts[0], test=parts[1], columns=names, name="friedman", kind="friedman")


def function(rows: np.ndarray) -> np.ndarray:
    """Return 10 sin(pi x1 x2) + 20 (x3 - 1/2)^2 + 10 x4 + 5 x5 (Friedman 1991, equation 61).

    Args:
        rows: (N, 5) or more columns, of which only the first five count.

    Returns:
        (N,).
    """
    x = np.asarray(rows, np.float64)
    found = 10.0 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20.0 * (x[:, 2] - 0.5) ** 2 + 10.0 * x[:, 3] + 5.0 * x[:, 4]
    return np.asarray(found)
