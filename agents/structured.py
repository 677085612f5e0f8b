"""Dict and Tuple observations as rows of numbers, so that all that takes one array takes them too."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Text, Tuple

from lab.errors import UsageError
from lab.messages.notes import note

# float32 holds whole numbers up to here exactly.
EXACT = 1 << 24
NUMBERS = (Box, Discrete, MultiBinary, MultiDiscrete)
Path = tuple[str | int, ...]


class Entry(NamedTuple):
    """One array within an observation.

    Attributes:
        path: Keys and places that lead to it.
        space: Its own: a Box, Discrete, MultiBinary or MultiDiscrete.
        start, stop: Where its numbers lie in a row.
    """

    path: Path
    space: gymnasium.Space[Any]
    start: int
    stop: int

    @property
    def name(self) -> str:
        """Its keys and places, with dots between them."""
        return ".".join(map(str, self.path))


class Packed(Box):
    """The space of rows that hold the numbers of a Dict or Tuple, one entry after the other in the space's order.

    Rows are bytes where all numbers are whole ones from 0 to 255, else float32.

    Args:
        leaves: The path and the space of each entry, in order.

    Attributes:
        entries: Where each lies.

    Raises:
        UsageError: For whole numbers that float32 does not hold, names that come twice, and without any entry.
    """

    def __init__(self, leaves: Iterable[tuple[Path, gymnasium.Space[Any]]]) -> None:
        entries, start = list[Entry](), 0
        for path, leaf in leaves:
            space = _with_axis(leaf)
            size = math.prod(space.shape or ())
            entries.append(Entry(tuple(path), space, start, start + size))
            start += size
        names = [entry.name for entry in entries]
        if not entries or len(set(names)) < len(names):
            raise UsageError(
                f"a Dict or Tuple of observations has the entries {names}; expected one or more, each once."
            )
        bounds = [_bounds(entry.space) for entry in entries]
        whole = [np.dtype(entry.space.dtype).kind in "iub" for entry in entries]
        for entry, (low, high), is_whole in zip(entries, bounds, whole, strict=True):
            largest = max((abs(int(n)) for n in (*low.ravel(), *high.ravel())), default=0) if is_whole else 0
            if largest > EXACT:
                raise UsageError(
                    f"the observations' entry {entry.name!r} is {entry.space}; expected whole numbers of at most "
                    f"{EXACT:,}, as float32 holds them. Fix: a wrapper that gives smaller ones."
                )
        bytes_ = all(whole) and all((low >= 0).all() and (high <= 255).all() for low, high in bounds)
        dtype: Any = np.uint8 if bytes_ else np.float32
        # A float64's bound may lie beyond a float32.
        with np.errstate(over="ignore"):
            lows, highs = (np.concatenate([pair[i].ravel().astype(dtype) for pair in bounds]) for i in range(2))
        self.entries = tuple(entries)
        super().__init__(lows, highs, dtype=dtype)

    def pack(self, observation: Any) -> np.ndarray:
        """Return the row of an observation, (d,), or the rows of one whose arrays all have a further axis, (n, d).

        Raises:
            UsageError: Where an entry is missing, of another shape, or no number that the row can hold.
        """
        parts = [self._array(entry, observation) for entry in self.entries]
        ahead = {
            part.shape[: part.ndim - len(e.space.shape or ())] for e, part in zip(self.entries, parts, strict=True)
        }
        if len(ahead) > 1:
            shapes = {entry.name: part.shape for entry, part in zip(self.entries, parts, strict=True)}
            raise UsageError(f"observations received the shapes {shapes}; expected one of each entry, or n of each.")
        lead = ahead.pop()
        row = np.empty((*lead, self.entries[-1].stop), self.dtype)
        for entry, part in zip(self.entries, parts, strict=True):
            row[..., entry.start : entry.stop] = part.reshape(*lead, -1)
        return row

    def unpack(self, rows: Any) -> dict[str, Any]:
        """Return the entries of rows (..., d), arrays or tensors (..., *shape) of the rows' dtype, by name."""
        ahead = tuple(rows.shape[:-1])
        found = {}
        for entry in self.entries:
            part = rows[..., entry.start : entry.stop]
            shape = (*ahead, *(entry.space.shape or ()))
            found[entry.name] = part.reshape(shape) if isinstance(part, np.ndarray) else _reshaped(part, shape)
        return found

    def _array(self, entry: Entry, observation: Any) -> np.ndarray:
        value, shape = observation, entry.space.shape or ()
        try:
            for key in entry.path:
                value = value[key]
            array = np.asarray(value)
        except (KeyError, IndexError, TypeError, ValueError):
            array = np.empty(0, object)
        if array.dtype.kind not in "fiub":
            raise UsageError(
                f"an observation has no numbers at {entry.name!r}; expected {entry.space}. Fix: give what the space "
                "declares."
            )
        if array.shape == () and shape == (1,):
            array = array[None]
        if array.shape[array.ndim - len(shape) :] != shape:
            raise UsageError(f"an observation has the shape {array.shape} at {entry.name!r}; expected {shape}.")
        if self.dtype == np.uint8 != array.dtype and (array.dtype.kind == "f" or array.min() < 0 or array.max() > 255):
            raise UsageError(
                f"an observation has {array.dtype} numbers from {array.min()} to {array.max()} at {entry.name!r}; "
                f"expected {entry.space}. Fix: give what the space declares."
            )
        return array

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Packed):
            return False
        return [(e.path, e.space) for e in self.entries] == [(e.path, e.space) for e in other.entries]

    def __repr__(self) -> str:
        return f"Packed({', '.join(f'{entry.name}: {entry.space}' for entry in self.entries)})"


class Rows(gymnasium.ObservationWrapper[Any, Any, Any]):
    """Gives the Dict or Tuple observations of an environment as rows of a `Packed` space."""

    def __init__(self, env: gymnasium.Env[Any, Any], space: Packed) -> None:
        super().__init__(env)
        self.observation_space = space

    def observation(self, observation: Any) -> np.ndarray:
        space: Any = self.observation_space
        row: np.ndarray = space.pack(observation)
        return row


def in_rows(env: gymnasium.Env[Any, Any]) -> gymnasium.Env[Any, Any]:
    """Return an environment whose Dict or Tuple observations are rows; one of other spaces as it is.

    Raises:
        UsageError: As `packed`.
    """
    space = packed(env.observation_space)
    return env if space is env.observation_space else Rows(env, space)


def packed(space: gymnasium.Space[Any]) -> Any:
    """Return the space of rows of a Dict or Tuple; another space as it is.

    Entries that are texts are left out, for no network reads them, and that is said.

    Raises:
        UsageError: For entries of other kinds.
    """
    if not is_structured(space):
        return space
    texts, leaves = list[str](), list[tuple[Path, gymnasium.Space[Any]]]()
    for path, leaf in leaves_of(space):
        name = ".".join(map(str, path))
        if isinstance(leaf, NUMBERS):
            leaves.append((path, leaf))
        elif isinstance(leaf, Text) or leaf.dtype in (str, np.str_):
            texts.append(name)
        else:
            raise UsageError(
                f"the observations' entry {name!r} is {leaf}; expected a Box, Discrete, MultiDiscrete or MultiBinary. "
                "Fix: leave it out with gymnasium.wrappers.FilterObservation, or a wrapper that makes an array of it."
            )
    if texts:
        note(f"observations are given without {', '.join(texts)}: networks here read no texts.")
    return Packed(leaves)


def is_structured(space: gymnasium.Space[Any]) -> bool:
    """Return whether observations are made of several arrays: a Dict, or a Tuple of more than Discrete numbers."""
    if isinstance(space, Tuple):
        return not all(isinstance(part, Discrete) for part in space.spaces)
    return isinstance(space, Dict)


def leaves_of(space: gymnasium.Space[Any], path: Path = ()) -> Iterator[tuple[Path, gymnasium.Space[Any]]]:
    """Yield the path and the space of all that is neither Dict nor Tuple."""
    if isinstance(space, (Dict, Tuple)):
        parts = space.spaces.items() if isinstance(space, Dict) else enumerate(space.spaces)
        for key, part in parts:
            yield from leaves_of(part, (*path, key))
    else:
        yield path, space


def _with_axis(space: Any) -> Any:
    if isinstance(space, Box) and space.shape == ():
        return Box(space.low.reshape(1), space.high.reshape(1), dtype=space.dtype.type)
    return space


def _bounds(space: Any) -> tuple[np.ndarray, np.ndarray]:
    if isinstance(space, Box):
        return space.low, space.high
    if isinstance(space, MultiBinary):
        return np.zeros(space.shape, np.int64), np.ones(space.shape, np.int64)
    number = space.n if isinstance(space, Discrete) else space.nvec
    return np.asarray(space.start), np.asarray(space.start + number - 1)


def _reshaped(part: Any, shape: tuple[int | None, ...]) -> Any:
    import tensorflow as tf

    return tf.reshape(part, [-1 if side is None else side for side in shape])


def of_mapping(space: gymnasium.Space[Any], values: Any) -> Any:
    """Return rows where a user gives observations of a `Packed` space as the environment does, else the values."""
    structured = isinstance(values, Mapping) or (isinstance(values, tuple) and values.__class__ is tuple)
    return space.pack(values) if isinstance(space, Packed) and structured else values
