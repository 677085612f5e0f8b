"""What the data sets that are drawn rather than read share: streams that never change, and checked numbers."""

from __future__ import annotations

import numpy as np

from lab.errors import bad_value

TRAIN, TEST = 0, 1


def stream(seed: int, split: int) -> np.random.RandomState:
    """Return the random numbers of one split, so that more training rows change no test row.

    Args:
        seed: The data set's.
        split: `TRAIN` or `TEST`.
    """
    # RandomState's stream is frozen for ever, so that the rows are the same under every NumPy.
    return np.random.RandomState(np.random.MT19937(np.random.SeedSequence([seed, split])))


def even_labels(count: int, classes: int, rng: np.random.RandomState) -> np.ndarray:
    """Return labels in random order, each as often as any other, give or take one; int32 (count,)."""
    return rng.permutation(np.arange(count) % classes).astype(np.int32)


def frozen(*arrays: np.ndarray) -> None:
    """Make arrays that several callers share read-only."""
    for array in arrays:
        array.flags.writeable = False


def check_counts(owner: str, train: object, test: object, seed: object) -> None:
    """Check the numbers that every drawn data set takes.

    Raises:
        UsageError: When one is no whole number, or too small.
    """
    for name, value, least in (("train", train, 1), ("test", test, 1), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
            raise bad_value(owner, name, value, f"a whole number >= {least}")
