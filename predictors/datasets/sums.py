"""Digits plus numbers: two inputs and two targets, to try networks of several of each."""

from __future__ import annotations

import numpy as np

from generative.datasets.digits import load as digits
from generative.datasets.synthetic import TEST, TRAIN, stream
from lab.errors import bad_value
from predictors.data.arrays import from_arrays
from predictors.data.examples import Examples


def load(seed: int = 0) -> Examples:
    """Return pictures of a digit beside a number in [0, 10): the digit is one target, the sum of both the other.

    Inputs are "picture", uint8 (N, 8, 8, 1), and "number", float64 (N, 1); targets "digit", a class, and "sum", a
    number. Pictures and test rows are those of the data set digits.

    Args:
        seed: Another seed gives other numbers.
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise bad_value("sums", "seed", seed, "a whole number >= 0")
    data = digits()
    parts = []
    for rows, labels, split in ((data.train, data.train_labels, TRAIN), (data.test, data.test_labels, TEST)):
        codes = np.asarray(labels, np.int64)
        number = stream(seed, split).uniform(0.0, 10.0, (len(rows), 1))
        parts.append(({"picture": rows, "number": number}, {"digit": codes, "sum": codes[:, None] + number}))
    return from_arrays(*parts[0], test=parts[1], ranges={"picture": (0, 16)}, name="sums", kind="sums")
