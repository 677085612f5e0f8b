"""Which row of a table an observation has: Discrete, MultiDiscrete, Tuple of Discrete, and Box cut into bins."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from gymnasium.spaces import Box, Discrete, MultiDiscrete, Tuple

from agents.parts.encoding import rows_of
from lab.errors import UsageError, bad_value

UNBOUNDED = 1e30


class Rows:
    """Numbers the observations of a space row by row, the last part running fastest.

    Bin i of an axis of a Box is [low + i width, low + (i + 1) width) with width = (high - low) / bins; what lies beyond
    the ends goes to the nearest bin. Edges are float64.

    Args:
        owner: Whose table, for messages.
        space: Of the observations.
        bins, low, high: Of a Box: one entry for all axes, or one an axis; bounds may be empty or infinite for the
            space's own.

    Attributes:
        sizes: int64 (k,), how many values each part has.
        starts: int64 (k,), the least of each.
        count: Rows in all.
        edges: float64 (k, most bins - 1) of a Box, filled up with infinity, else None.

    Raises:
        UsageError: For other spaces, a Box without bins, bounds that are not finite or in no order.
    """

    def __init__(
        self,
        owner: str,
        space: Any,
        bins: tuple[int, ...] = (),
        low: tuple[float, ...] = (),
        high: tuple[float, ...] = (),
    ) -> None:
        self.edges: np.ndarray | None = None
        self.plain = isinstance(space, Discrete) and not space.start
        if isinstance(space, Box):
            self.sizes, self.edges = _cut(owner, space, bins, low, high)
            self.starts = np.zeros_like(self.sizes)
        else:
            parts: list[Any] = list(space.spaces) if isinstance(space, Tuple) else [space]
            if not all(isinstance(part, (Discrete, MultiDiscrete)) for part in parts):
                raise UsageError(
                    f"{owner} received the observation space {space}; expected Discrete, MultiDiscrete, a Tuple of "
                    "Discrete, or a Box with bins. Fix: a wrapper that makes one of these of it, such as "
                    "gymnasium.wrappers.FlattenObservation and then bins=(10,)."
                )
            self.sizes = np.concatenate([np.ravel(p.nvec if isinstance(p, MultiDiscrete) else p.n) for p in parts])
            self.starts = np.concatenate([np.ravel(p.start) for p in parts])
        self.count = math.prod(self.sizes.tolist())
        # Programs are shared by agents whose rows are equal.
        edges = b"" if self.edges is None else self.edges.tobytes()
        self._identity = (self.sizes.tobytes(), self.starts.tobytes(), edges, self.plain)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rows) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    def of(self, observations: Any) -> Any:
        """Return the row of each observation, (n,): int64 of arrays, int32 of tensors."""
        if isinstance(observations, np.ndarray):
            return self._of_arrays(observations)
        import tensorflow as tf

        if self.plain:
            return observations
        number, width = rows_of(observations), int(self.sizes.size)
        if self.edges is not None:
            # In float32, which files of some formats are limited to: edges rounded up part the same float32 numbers.
            edges = self.edges.astype(np.float32)
            edges = np.where(edges < self.edges, np.nextafter(edges, np.float32(np.inf)), edges)
            values = tf.reshape(tf.cast(observations, tf.float32), (number, width, 1))
            places = tf.reduce_sum(tf.cast(values >= tf.constant(edges), tf.int32), axis=-1)
        else:
            places = tf.reshape(tf.cast(observations, tf.int32), (number, width)) - self.starts.astype(np.int32)
        strides = np.append(np.cumprod(self.sizes[:0:-1])[::-1], 1).astype(np.int32)
        return tf.reduce_sum(places * strides, axis=-1)

    def _of_arrays(self, observations: np.ndarray) -> np.ndarray:
        parts = observations.reshape(len(observations), -1)
        if self.edges is not None:
            places = (parts.astype(np.float64)[..., None] >= self.edges).sum(axis=-1)
        elif len(self.sizes) == 1 and not self.starts[0]:
            return parts[:, 0]
        else:
            places = parts - self.starts
        return np.ravel_multi_index(tuple(places.T), tuple(self.sizes))


def _cut(
    owner: str, space: Box, bins: tuple[int, ...], low: tuple[float, ...], high: tuple[float, ...]
) -> tuple[np.ndarray, np.ndarray]:
    axes = math.prod(space.shape)
    if not bins:
        raise UsageError(
            f"{owner} received the observation space {space}; expected Discrete or MultiDiscrete, or bins. "
            f"Fix: {owner}(bins=(10,)) for ten an axis, with bins_low and bins_high where axes have no bounds; or "
            "envs.DiscretizeObservation around the environment."
        )
    numbers = np.array(_each(owner, "bins", bins, axes), np.int64)
    ends = []
    for name, stated, own in (("bins_low", low, space.low), ("bins_high", high, space.high)):
        given = np.array(_each(owner, name, stated or (math.inf,), axes), np.float64)
        ends.append(np.where(np.isfinite(given), given, np.ravel(own).astype(np.float64)))
        # The greatest float32 is how some environments say that there is no bound.
        unbounded = ~(np.abs(ends[-1]) < UNBOUNDED)
        if unbounded.any():
            axis = int(unbounded.argmax())
            raise bad_value(
                owner, name, stated, f"a bound for axis {axis}, where {space} has none", f"{name}=(...), one an axis."
            )
    lows, highs = ends
    if (lows >= highs).any():
        axis = int((lows >= highs).argmax())
        raise bad_value(owner, "bins_low", lows[axis], f"less than bins_high, {highs[axis]}, on axis {axis}")
    edges = np.full((axes, max(1, int(numbers.max()) - 1)), np.inf)
    for axis, (number, lowest, highest) in enumerate(zip(numbers.tolist(), lows, highs, strict=True)):
        # Dividing last rounds edges such as 0.3 of [0, 1] in tenths right.
        edges[axis, : number - 1] = [lowest + (highest - lowest) * i / number for i in range(1, number)]
    return numbers, edges


def _each(owner: str, name: str, given: tuple[Any, ...], axes: int) -> tuple[Any, ...]:
    if len(given) not in (1, axes):
        raise bad_value(owner, name, given, f"one number for all, or one for each of the {axes} axes")
    return given * axes if len(given) == 1 else given
