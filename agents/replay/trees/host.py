"""A sum tree in NumPy: leaves are found and changed many at a time, level by level."""

from __future__ import annotations

from typing import Any

import numpy as np

# Children of a node. Measured at 10^6 leaves: fewer make more levels, each of several calls; more make more numbers.
FAN = 8
# So many sums are searched at once: further levels above them would cost more.
TOP = 2048
# A float64 times this is the next lower one.
BELOW = 1.0 - 2.0**-53


class SumTree:
    """Holds numbers >= 0 and finds the one at which their running sum passes a number, in O(log n).

    A node holds the sum of its children, added in their order. So nodes are functions of the leaves alone: whatever was
    put before, equal leaves have equal nodes, to the bit.

    Args:
        capacity: Leaves, all 0 at first.

    Attributes:
        leaves: float32 (capacity,), to be changed by `put`, or before `build`.
    """

    def __init__(self, capacity: int) -> None:
        # The leaves first; each level is followed by the sums of its groups of FAN.
        self.levels: list[np.ndarray] = []
        dtype: Any = np.float32
        number = capacity
        while number > TOP:
            groups = -(-number // FAN)
            self.levels.append(np.zeros(groups * FAN, dtype))
            number, dtype = groups, np.float64
        self.levels.append(np.zeros(number, dtype))
        self.leaves = self.levels[0][:capacity]
        self.children = np.arange(FAN)[:, None]

    @property
    def total(self) -> float:
        """The sum of all leaves."""
        return float(self.levels[-1].cumsum(dtype=np.float64)[-1])

    def build(self) -> None:
        """Sum up all leaves anew."""
        for below, above in zip(self.levels, self.levels[1:], strict=False):
            above[: len(below) // FAN] = self._ends(below.reshape(-1, FAN).T)[-1]

    def put(self, indices: np.ndarray, values: np.ndarray) -> None:
        """Change leaves.

        Args:
            indices: int64 (m,); of one that occurs several times the last value counts.
            values: float32 (m,) or ().
        """
        self.leaves[indices] = values
        groups = indices
        for below, above in zip(self.levels, self.levels[1:], strict=False):
            groups = groups // FAN
            above[groups] = self._ends(below[groups * FAN + self.children])[-1]

    def find(self, at: np.ndarray) -> np.ndarray:
        """Return the leaves at which the running sum passes numbers, int64 (m,); never one that is 0.

        Args:
            at: float64 (m,), from 0 to `total`, which must not be 0. What rounding lifts to a sum or beyond it is taken
                for the number just below.
        """
        top, number = self.levels[-1], np.arange(len(at))
        ends = top.cumsum(dtype=np.float64)
        rest = np.minimum(at, ends[-1] * BELOW)
        found = np.searchsorted(ends, rest, side="right")
        rest = rest - np.where(found > 0, ends[found - 1], 0.0)
        for level in reversed(self.levels[:-1]):
            ends = self._ends(level[found * FAN + self.children])
            rest = np.minimum(rest, ends[-1] * BELOW)
            child = (ends <= rest).sum(axis=0)
            rest = rest - np.where(child > 0, ends[child - 1, number], 0.0)
            found = found * FAN + child
        return found

    @staticmethod
    def _ends(children: np.ndarray) -> np.ndarray:
        # Running sums (FAN, m) over groups. Row by row: `sum` would add in an order that depends on m, and `cumsum`
        # takes several times as long.
        ends = np.empty(children.shape)
        ends[0] = children[0]
        for i in range(1, FAN):
            np.add(ends[i - 1], children[i], out=ends[i])
        return ends
