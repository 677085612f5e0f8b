"""Makes long curves short enough for a page without losing a spike."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Envelope(NamedTuple):
    """A curve of few points.

    Attributes:
        steps: int64 (P,), or float64.
        mean: float64 (P,), of the rows that a point stands for.
        low, high: Their least and greatest value, float64 (P,); None where each point is a row.
    """

    steps: NDArray[Any]
    mean: NDArray[np.float64]
    low: NDArray[np.float64] | None = None
    high: NDArray[np.float64] | None = None


def envelope(
    steps: NDArray[Any],
    values: NDArray[np.float64],
    points: int,
    low: NDArray[np.float64] | None = None,
    high: NDArray[np.float64] | None = None,
) -> Envelope:
    """Return a curve of at most `points` points: runs of neighbouring rows, as even in number as can be.

    Args:
        steps: int64 (N,), never falling.
        values: float64 (N,).
        points: At least 1.
        low, high: A band around the values, float64 (N,), which keeps its extremes; None for that of the values.
    """
    if len(steps) <= points:
        return Envelope(steps, values, low, high)
    starts = np.linspace(0, len(steps), points + 1)[:-1].astype(np.int64)
    counts = np.diff(np.append(starts, len(steps)))
    mean = np.add.reduceat(values, starts) / counts
    least = np.minimum.reduceat(values if low is None else low, starts)
    most = np.maximum.reduceat(values if high is None else high, starts)
    middle = steps[starts + (counts - 1) // 2]
    # The ends stay, so that a curve reaches as far as its run did.
    middle[0], middle[-1] = steps[0], steps[-1]
    return Envelope(middle, mean, least, most)
