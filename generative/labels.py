"""Labels that a user or a generator's counts ask a conditional generator for."""

from __future__ import annotations

from typing import Any

import numpy as np

from lab.errors import bad_value


def checked_labels(
    owner: str, labels: Any, count: int, classes: int, expected: str, expected_values: str | None = None
) -> np.ndarray:
    """Return labels as int32 (count,); one label stands for all.

    Args:
        owner: Who asks, for messages.
        labels: A whole number, or (count,) of them.
        count: How many are needed.
        classes: How many there are; labels lie from 0 below it.
        expected: What is expected, for messages.
        expected_values: The same where kind and shape are right; None for the same words.

    Raises:
        UsageError: When they are of another kind or shape, or none of the classes.
    """
    array = np.asarray(labels)
    if array.dtype.kind not in "iu" or array.shape not in ((), (count,)):
        received = "none" if labels is None else f"{array.dtype} {array.shape}"
        raise bad_value(owner, "labels", received, expected)
    if array.size and not (array.min() >= 0 and array.max() < classes):
        received = f"values in [{array.min()}, {array.max()}]"
        raise bad_value(owner, "labels", received, expected_values or expected)
    return np.broadcast_to(array, (count,)).astype(np.int32)


def drawn_labels(counts: np.ndarray, number: int, rng: np.random.Generator) -> np.ndarray:
    """Draw labels, int32 (number,), as often as they were counted; where none was, all alike."""
    shares = counts.astype(np.float64)
    shares = shares / shares.sum() if shares.any() else np.full(len(shares), 1.0 / len(shares))
    return rng.choice(len(shares), number, p=shares).astype(np.int32)
