"""What of an observation's features belongs together, in the shape in which a network looks at it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import gymnasium
from gymnasium.spaces import Box

from agents.parts.encoding import encoding, is_history, number_of_features
from agents.structured import Packed

if TYPE_CHECKING:
    import tensorflow as tf

VECTOR, PICTURE, HISTORY = "vector", "picture", "history"


class Part(NamedTuple):
    """One array among the features of an observation.

    Attributes:
        name: Of the entry, or "observation" where there is one array alone.
        kind: "vector" (d,), "picture" (H, W, C) or "history" (K, d).
        shape: As its network is given it.
        start, stop: Where it lies among the features.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    start: int
    stop: int

    def taken(self, features: tf.Tensor) -> Any:
        """Return it, (B, *shape), of features (B, d); symbolic ones stay so."""
        import keras

        if self.stop - self.start < features.shape[-1]:
            features = features[:, self.start : self.stop]
        return features if len(self.shape) == 1 else keras.layers.Reshape(self.shape)(features)


def parts_of(space: gymnasium.Space[Any]) -> list[Part]:
    """Return the arrays that the features of observations are made of, in order."""
    if not isinstance(space, Packed):
        return [_part("observation", space, 0)]
    parts, start = list[Part](), 0
    for entry in space.entries:
        parts.append(_part(entry.name, entry.space, start))
        start = parts[-1].stop
    return parts


def _part(name: str, space: gymnasium.Space[Any], start: int) -> Part:
    kind = VECTOR
    shape: tuple[int, ...] = (number_of_features(space),)
    if isinstance(space, Box):
        picture = encoding(space).picture
        if picture is not None:
            kind, shape = PICTURE, picture
        elif is_history(space):
            kind, shape = HISTORY, tuple(space.shape)
    return Part(name, kind, shape, start, start + math.prod(shape))
