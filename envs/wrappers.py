"""Wrap environments so that tabular agents can use them."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import ArrayLike

Bound = float | Sequence[float | None] | None


class DiscretizeObservation(gymnasium.ObservationWrapper[np.int64, Any, Any], gymnasium.utils.RecordConstructorArgs):
    """Turn a Box observation into one Discrete index: bins of equal width per dimension, flattened row by row.

    Bin i of a dimension is [low + i * width, low + (i + 1) * width) with width = (high - low) / bins; the last bin also
    holds `high`. Edges are float64, computed as low + (high - low) * i / bins. Values outside go to the nearest bin.
    Unlike Gymnasium's own wrapper, this one takes stated bounds, so that unbounded dimensions (CartPole's velocities)
    can be used.

    Args:
        env: an environment with a Box observation of any shape; dimensions are counted in flattened order.
        bins: bins per dimension, at least one; a number for all, or one per dimension.
        low: lower edge of the first bin; a number for all, or one per dimension, in the observation's unit. None, as a
            whole or for a dimension, takes the space's own.
        high: upper edge of the last bin, likewise.

    Raises:
        ValueError: for a space that is no Box, a wrong length, a bin count below one, a bound that is not finite, or
            low >= high.
    """

    def __init__(
        self, env: gymnasium.Env[Any, Any], bins: int | Sequence[int], low: Bound = None, high: Bound = None
    ) -> None:
        space = env.observation_space
        if not isinstance(space, gymnasium.spaces.Box):
            raise ValueError(
                f"env: received the observation space {space}, expected a Box; a Discrete space needs no wrapper, "
                "others go through gymnasium.wrappers.FlattenObservation first."
            )
        size = math.prod(space.shape)
        self.bins = _bins(bins, size)
        self.low = _bounds("low", low, space.low, size)
        self.high = _bounds("high", high, space.high, size)
        for dimension, (lowest, highest) in enumerate(zip(self.low, self.high, strict=True)):
            if lowest >= highest:
                raise ValueError(
                    f"low, high: received [{lowest}, {highest}] for dimension {dimension}, expected low < high; "
                    "swap or widen them."
                )
        gymnasium.utils.RecordConstructorArgs.__init__(self, bins=bins, low=low, high=high)
        gymnasium.ObservationWrapper.__init__(self, env)
        self.observation_space = gymnasium.spaces.Discrete(math.prod(self.bins))
        # Dividing last rounds edges such as 0.3 of [0, 1] in tenths right, where adding up widths would not.
        # Only the inner edges: what lies below the first or above the last is in the outer bins, which is the clipping.
        self._edges = [
            [lowest + (highest - lowest) * i / number for i in range(1, number)]
            for number, lowest, highest in zip(self.bins, self.low, self.high, strict=True)
        ]

    def observation(self, observation: ArrayLike) -> int:  # type: ignore[override]
        """Give the index of one observation, numbers of the wrapped space's shape (...), as an int; see `index_of`."""
        return self.index_of(observation)

    def index_of(self, observation: ArrayLike) -> int:
        """Give the Discrete index, an int in [0, product of bins), of one observation of the wrapped space's shape.

        Raises:
            ValueError: for a wrong number of values, or NaN.
        """
        numbers = np.asarray(observation, dtype=np.float64).ravel().tolist()
        if len(numbers) != len(self.bins):
            raise ValueError(
                f"observation: received {len(numbers)} values, expected {len(self.bins)}; give one observation at a "
                "time."
            )
        index = 0
        for dimension, number in enumerate(numbers):
            if number != number:
                raise ValueError(
                    f"observation: received NaN in dimension {dimension}, expected a number; look for the "
                    "environment's first NaN."
                )
            index = index * self.bins[dimension] + bisect_right(self._edges[dimension], number)
        return index


def _bins(bins: int | Sequence[int], size: int) -> tuple[int, ...]:
    numbers: tuple[Any, ...] = tuple(bins) if isinstance(bins, (Sequence, np.ndarray)) else (bins,) * size
    if len(numbers) != size:
        raise ValueError(f"bins: received {len(numbers)} entries, expected {size}; give one, or one a dimension.")
    for dimension, number in enumerate(numbers):
        if not isinstance(number, (int, np.integer)) or isinstance(number, bool) or number < 1:
            raise ValueError(
                f"bins: received {number!r} for dimension {dimension}, expected an integer of at least 1; 1 ignores a "
                "dimension."
            )
    return tuple(int(number) for number in numbers)


def _bounds(name: str, stated: Bound, of_space: Any, size: int) -> tuple[float, ...]:
    entries: list[Any] = list(stated) if isinstance(stated, (Sequence, np.ndarray)) else [stated] * size
    if len(entries) != size:
        raise ValueError(
            f"{name}: received {len(entries)} entries, expected {size}; give one number, or one a dimension with None "
            "for the space's own."
        )
    own = np.asarray(of_space, dtype=np.float64).ravel().tolist()
    bounds = tuple(own[i] if entry is None else float(entry) for i, entry in enumerate(entries))
    for dimension, bound in enumerate(bounds):
        if not math.isfinite(bound):
            source = "the space's own bound" if entries[dimension] is None else "a stated bound"
            raise ValueError(
                f"{name}: received {bound} for dimension {dimension} ({source}), expected a finite number; state "
                f"{name}= for this dimension."
            )
    return bounds
