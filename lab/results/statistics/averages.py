"""What many scores come to in one number."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lab.errors import bad_value
from lab.results.statistics.checks import by_run_and_task, finite


def iqm(values: ArrayLike, axis: int | None = None) -> Any:
    """Return the interquartile mean: the mean of the middle half (section 4.3 of the paper).

    Of n sorted values, floor(n / 4) are cut off at each end and the rest averaged; n < 4 gives the plain mean. This is
    `scipy.stats.trim_mean(values, 0.25)`, which rliable uses.

    Args:
        values: Finite numbers, any shape.
        axis: Axis to reduce; None for all values.

    Returns:
        A float, or a float64 array without that axis.

    Raises:
        ValueError: For no value, NaN or infinity.
    """
    array = finite(values, "iqm")
    if axis is None:
        array, axis = array.ravel(), 0
    array = np.moveaxis(array, axis, -1)
    number = array.shape[-1]
    cut = number // 4
    middle = np.partition(array, (cut, number - cut - 1), axis=-1)[..., cut : number - cut]
    # Around the smallest value kept, so that the mean of equal values is that value to the last bit.
    base = middle[..., :1]
    mean = base[..., 0] + (middle - base).mean(axis=-1)
    return float(mean) if mean.ndim == 0 else mean


def optimality_gap(values: ArrayLike, target: float, axis: int | None = None) -> Any:
    """Return by how much scores fall short of a target on average (section 4.3 of the paper).

    What lies above the target counts as the target: a gap of 0 means that every score reaches it. Less is better.

    Args:
        values: Finite numbers, any shape.
        target: The score that is good enough, in their unit.
        axis: Axis to reduce; None for all values.

    Returns:
        A float, or a float64 array without that axis.

    Raises:
        ValueError: For no value, NaN or infinity.
    """
    short = float(finite(target, "optimality_gap")) - np.minimum(finite(values, "optimality_gap"), target)
    gap = short.mean(axis=axis)
    return float(gap) if gap.ndim == 0 else gap


def normalised(scores: ArrayLike, lowest: ArrayLike, highest: ArrayLike) -> NDArray[np.float64]:
    """Return scores on a scale that tasks share: 0 at the lowest score of each task, 1 at the highest.

    The two are whatever means the same in every task, such as the return of random actions and that of an expert, a
    human's or the environment's most; scores may lie beyond them.

    Args:
        scores: (runs,) of one task, or (runs, tasks).
        lowest, highest: A number of each task, (tasks,), or one for all.

    Returns:
        float64 (runs, tasks).

    Raises:
        ValueError: For what is not finite, another number of tasks, or a highest that is not above the lowest.
    """
    matrix = by_run_and_task(scores, "normalised")
    low, high = (finite(end, "normalised") for end in (lowest, highest))
    for name, end in (("lowest", low), ("highest", high)):
        if end.shape not in ((), (1,), (matrix.shape[1],)):
            raise bad_value("normalised", f"{name} of shape", end.shape, f"() or ({matrix.shape[1]},), one a task")
    if not np.all(low < high):
        raise bad_value("normalised", "highest", high.tolist(), f"more than lowest ({low.tolist()}) in every task")
    result: NDArray[np.float64] = (matrix - low) / (high - low)
    return result
