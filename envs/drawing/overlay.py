"""What is drawn over the floor of a grid: state values and a policy."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

ACTIONS = 4


class Overlay(NamedTuple):
    """Hold what is drawn over the floor: values, float64 (cells,), and greedy actions, int64 (cells,), or None."""

    values: NDArray[np.float64] | None = None
    policy: NDArray[np.int64] | None = None


def make_overlay(cells: int, values: ArrayLike | None, policy: ArrayLike | None) -> Overlay:
    """Check and copy what is to be drawn.

    Args:
        cells: Of the grid.
        values: float (cells,); NaN leaves a cell plain.
        policy: int (cells,), an action a cell, -1 for no arrow.

    Raises:
        ValueError: for a wrong shape, or an action outside -1 to 3.
    """
    value_array = None if values is None else np.array(values, dtype=np.float64)
    policy_array = None if policy is None else np.array(policy)
    for name, array in (("values", value_array), ("policy", policy_array)):
        if array is not None and array.shape != (cells,):
            raise ValueError(f"{name}: received shape {array.shape}, expected ({cells},); give one entry a cell.")
    if policy_array is not None:
        allowed = range(-1, ACTIONS)
        if not np.isin(policy_array, allowed).all():
            wrong = sorted(set(policy_array.tolist()) - set(allowed))
            raise ValueError(
                f"policy: received {wrong[:5]}, expected actions 0 to 3, or -1 for no arrow; give "
                "q_values.argmax(axis=1)."
            )
        policy_array = policy_array.astype(np.int64)
    return Overlay(value_array, policy_array)
