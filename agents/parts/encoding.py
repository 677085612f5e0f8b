"""How an observation's numbers lie in its array, and on what scale: decided by rules that are stated, or refused."""

from __future__ import annotations

import math
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete, MultiBinary, MultiDiscrete, Tuple

from agents.structured import Packed
from lab.errors import CheckpointError, UsageError

if TYPE_CHECKING:
    import tensorflow as tf

# A picture's sides seldom differ by more; a reading in which they do is taken only where nothing else fits.
ASPECT = 2.0
# Above so many kinds, one-hot rows are not taken from an identity matrix.
FEW = 1024
# Sides below this make a matrix of numbers, not a gray picture.
SMALLEST_GRAY = 8
PLAIN = "(height, width, channels)"
FLATTEN = "wrap the environment in gymnasium.wrappers.FlattenObservation"


class Encoding(NamedTuple):
    """How observations of a Box become rows of numbers.

    Attributes:
        shape: Of one observation.
        picture: (height, width, channels) as a network is given it, or None for a vector.
        order: The axes of one observation in the order height, width, channels; None where they lie so already.
        divisor: What numbers are divided by, float32 () or (d,) in the network's order; None for nothing.
        layout: How a picture's axes were read, in words; empty for a vector.
    """

    shape: tuple[int, ...]
    picture: tuple[int, int, int] | None
    order: tuple[int, ...] | None
    divisor: np.ndarray | np.float32 | None
    layout: str


_known: dict[int, tuple[weakref.ref[Any], Encoding]] = {}


def encoding(space: gymnasium.Space[Any]) -> Encoding:
    """Return how observations of a Box are encoded.

    Raises:
        UsageError: For a Box whose axes could be read in more than one way.
    """
    key = id(space)
    found = _known.get(key)
    if found is not None and found[0]() is space:
        return found[1]
    made = _encoding(space)
    _known[key] = (weakref.ref(space, lambda _: _known.pop(key, None)), made)
    return made


def check_described(description: Mapping[str, Any], space: gymnasium.Space[Any]) -> None:
    """Check that a run was trained on observations encoded as they are now.

    Args:
        description: What `Task.describe` wrote into the run's config.json.
        space: Of its observations.

    Raises:
        CheckpointError: For a run of a version that gave its network such observations on another scale or with other
            axes; silence would show an agent what it has not learnt to see.
    """
    if "observation_layout" in description or not isinstance(space, Box) or len(space.shape) not in (1, 3):
        return
    try:
        now = encoding(space)
    except UsageError:
        return
    before = np.float32(255) if space.dtype == np.uint8 else None
    divisor = None if before is None and now.divisor is None else now.divisor
    same = divisor is before if before is None or divisor is None else bool(np.all(divisor == before))
    if now.order is not None or not same:
        raise CheckpointError(
            f"the run is of an earlier version of lab, which read observations of a {_brief(space)} with other axes or "
            "on another scale than this one does; expected a run of this version. Fix: train it again, or use it with "
            "the version that trained it."
        )


def number_of_features(space: gymnasium.Space[Any]) -> int:
    """Return how many numbers describe an observation to a network."""
    if isinstance(space, Packed):
        return sum(number_of_features(entry.space) for entry in space.entries)
    if isinstance(space, (MultiDiscrete, Tuple)):
        return sum(int(part.n) for part in _choices(space))
    return int(space.n) if isinstance(space, Discrete) else math.prod(space.shape or ())


def features(space: gymnasium.Space[Any], observations: Any) -> Any:
    """Return observations as a network takes them, float32 (..., d); a tensor where a tensor was given.

    Discrete ones become one-hot rows, several of them one row after the other. Pictures lie as (height, width,
    channels), stacked frames among the channels; they, and bytes, are divided by the bound that their space declares:
    see `encoding`. The entries of a `Packed` space follow one another, each as it would be alone.
    """
    if not isinstance(observations, (np.ndarray, np.generic)):
        return pure_features(space, observations)
    if space.__class__ is Box:
        return _box_features(space, observations)
    if isinstance(space, Packed):
        found = space.unpack(observations)
        return np.concatenate([features(e.space, _whole(e.space, found[e.name])) for e in space.entries], axis=-1)
    if isinstance(space, (MultiDiscrete, Tuple)):
        flat = observations.reshape(*observations.shape[: observations.ndim - _axes_of(space)], -1)
        return np.concatenate([features(part, flat[..., i]) for i, part in enumerate(_choices(space))], axis=-1)
    if isinstance(space, MultiBinary):
        lead = observations.shape[: observations.ndim - _axes_of(space)]
        return observations.reshape(*lead, -1).astype(np.float32)
    if isinstance(space, Discrete):
        places, number = np.asarray(observations) - int(space.start), int(space.n)
        if number <= FEW:
            return np.eye(number, dtype=np.float32)[places]
        # The identity of many would take their square in memory.
        rows = np.zeros((*places.shape, number), np.float32)
        np.put_along_axis(rows, places[..., None], 1.0, axis=-1)
        return rows
    return _box_features(space, observations)


def _box_features(space: gymnasium.Space[Any], observations: Any) -> np.ndarray:
    how = encoding(space)
    if len(how.shape) == 1 and how.divisor is None:
        # A vector for each row, the common case of acting at every step.
        vectors: np.ndarray = observations.astype(np.float32, copy=False)
        return vectors
    ahead = observations.ndim - len(how.shape)
    lead = observations.shape[:ahead]
    if how.order is not None:
        observations = observations.transpose(*range(ahead), *(ahead + axis for axis in how.order))
    numbers: np.ndarray = observations.reshape(*lead, number_of_features(space)).astype(np.float32, copy=False)
    return numbers if how.divisor is None else numbers / how.divisor


def pure_features(space: gymnasium.Space[Any], observations: tf.Tensor) -> tf.Tensor:
    """Return what `features` does, for tensors (n, ...)."""
    import tensorflow as tf

    if isinstance(space, Packed):
        found = space.unpack(observations)
        return tf.concat([pure_features(e.space, _whole(e.space, found[e.name])) for e in space.entries], axis=-1)
    if isinstance(space, (MultiDiscrete, Tuple)):
        flat = tf.reshape(observations, (rows_of(observations), len(_choices(space))))
        return tf.concat([pure_features(part, flat[:, i]) for i, part in enumerate(_choices(space))], axis=-1)
    if isinstance(space, MultiBinary):
        return tf.cast(tf.reshape(observations, (rows_of(observations), number_of_features(space))), tf.float32)
    if isinstance(space, Discrete):
        places = observations - tf.constant(int(space.start), observations.dtype) if space.start else observations
        return tf.one_hot(places, int(space.n))
    how = encoding(space)
    if how.order is not None:
        observations = tf.transpose(observations, (0, *(1 + axis for axis in how.order)))
    flat = tf.reshape(observations, (rows_of(observations), number_of_features(space)))
    numbers = tf.cast(flat, tf.float32)
    return numbers if how.divisor is None else numbers / tf.constant(how.divisor)


def rows_of(observations: tf.Tensor) -> int:
    """Return how many rows a tensor has, for a shape; -1 where that is open, as in a file for any number of them."""
    return -1 if observations.shape[0] is None else int(observations.shape[0])


def is_history(space: gymnasium.Space[Any]) -> bool:
    """Return whether an observation is a Box (K, d) and no picture, as of the last K observations of d numbers."""
    return isinstance(space, Box) and len(space.shape) == 2 and encoding(space).picture is None


def _choices(space: Any) -> list[Discrete]:
    if isinstance(space, Tuple):
        return list(space.spaces)  # type: ignore[arg-type]
    pairs = zip(space.nvec.ravel(), space.start.ravel(), strict=True)
    return [Discrete(int(number), start=int(start)) for number, start in pairs]


def _axes_of(space: Any) -> int:
    return 1 if isinstance(space, Tuple) else len(space.shape)


def _whole(space: gymnasium.Space[Any], values: Any) -> Any:
    """Return an entry of a row, (..., *shape), as whole numbers where its space has choices."""
    if isinstance(space, Box):
        return values
    if isinstance(values, np.ndarray):
        return values.astype(np.int64)
    import tensorflow as tf

    return tf.cast(values, tf.int32)


def _encoding(space: Any) -> Encoding:
    shape = tuple(int(side) for side in space.shape)
    if len(shape) == 1:
        return Encoding(shape, None, None, _divisor(space, None), "")
    if len(shape) == 2 and not _is_gray(space, shape):
        return Encoding(shape, None, None, _divisor(space, None) if space.dtype == np.uint8 else None, "")
    order, layout = _axes(space, shape)
    sides = [shape[axis] for axis in order]
    picture = (sides[0], sides[1], math.prod(sides[2:]))
    moved = None if order == tuple(range(len(shape))) else order
    return Encoding(shape, picture, moved, _divisor(space, moved), layout)


def _divisor(space: Any, order: tuple[int, ...] | None) -> np.ndarray | np.float32 | None:
    # Bytes, and pictures of any dtype, are brought to [0, 1] by the bound that the space declares; other vectors stay
    # as they are, for their units are their own.
    if space.dtype != np.uint8 and len(space.shape) == 1:
        return None
    high = np.asarray(space.high, np.float64)
    if not np.isfinite(high).all() or (np.asarray(space.low, np.float64) < 0).any() or high.max(initial=0.0) <= 1.0:
        return None
    if (high == high.flat[0]).all():
        return np.float32(high.flat[0])
    return np.maximum(high.transpose(order) if order else high, 1.0).ravel().astype(np.float32)


def _is_gray(space: Any, shape: tuple[int, ...]) -> bool:
    return bool(space.dtype == np.uint8) and min(shape) >= SMALLEST_GRAY


def _axes(space: Any, shape: tuple[int, ...]) -> tuple[tuple[int, ...], str]:
    """Return the axes in the order height, width, channels, and what they were read as."""
    if len(shape) == 2:
        return (0, 1), "(height, width) of one gray picture"
    if len(shape) == 3:
        last = _channels_last(shape)
        if last is not None:
            if last:
                return (0, 1, 2), PLAIN
            return (1, 2, 0), "(channels or stacked frames, height, width)"
    if len(shape) == 4:
        last = _channels_last(shape[1:])
        if last is not None and shape[0] <= min(shape[1:3] if last else shape[2:4]):
            # The frames become further channels, the oldest first.
            if last:
                return (1, 2, 0, 3), "(stacked frames, height, width, channels)"
            return (2, 3, 0, 1), "(stacked frames, channels, height, width)"
    raise ambiguous(space)


def ambiguous(space: Any) -> UsageError:
    """Return the error for a Box whose axes could be read in more than one way."""
    return UsageError(
        f"received the observation space {_brief(space)}, which can be read in more than one way; expected a vector, a "
        "gray uint8 picture (height, width), a picture (height, width, channels) or (channels, height, width) whose "
        "channels are told apart by their number, or such pictures stacked on the first axis. "
        f"Fix: {FLATTEN}, or give gymnasium.wrappers.TransformObservation a function that arranges them so."
    )


def _channels_last(shape: tuple[int, ...]) -> bool | None:
    """Tell whether (a, b, c) is (height, width, channels), or (channels, height, width); None for either."""
    a, b, c = shape
    ratios = (max(a, b) / max(1, min(a, b)), max(b, c) / max(1, min(b, c)))
    if (ratios[0] == 1.0) != (ratios[1] == 1.0):
        return ratios[0] == 1.0
    if (ratios[0] <= ASPECT) != (ratios[1] <= ASPECT):
        return ratios[0] <= ASPECT
    few = (2 * c <= min(a, b), 2 * a <= min(b, c))
    return few[0] if few[0] != few[1] else None


def _brief(space: Any) -> str:
    return f"Box of shape {tuple(space.shape)} and dtype {space.dtype}"
