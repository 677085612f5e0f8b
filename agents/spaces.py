"""Gymnasium spaces as batches of arrays."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Tuple

from agents.space_files import from_json, to_json
from agents.structured import of_mapping
from lab.errors import UsageError

if TYPE_CHECKING:
    import tensorflow as tf

__all__ = [
    "advice",
    "as_batch",
    "draw",
    "from_json",
    "largest_whole",
    "layout",
    "pure_to_environment",
    "taken",
    "to_environment",
    "to_json",
]


def layout(space: gymnasium.Space[Any]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return the shape and dtype of one value of a space as an array.

    Raises:
        UsageError: For spaces that are not one array, such as Dict.
    """
    if isinstance(space, Tuple) and all(isinstance(s, Discrete) for s in space.spaces):
        return (len(space.spaces),), np.dtype(np.int64)
    if isinstance(space, (Box, Discrete, MultiBinary, MultiDiscrete)) and space.shape is not None:
        return space.shape, np.dtype(space.dtype)
    raise UsageError(
        f"the space {space} is not one array; expected Box, Discrete, MultiDiscrete, MultiBinary or a Tuple of "
        f"Discrete. Fix: {advice(space)}"
    )


def largest_whole(space: gymnasium.Space[Any]) -> int:
    """Return the greatest absolute value that whole numbers of a space may have; 0 for other spaces."""
    if isinstance(space, Tuple):
        return max(map(largest_whole, space.spaces))
    if isinstance(space, Discrete):
        return max(abs(int(space.start)), abs(int(space.start + space.n - 1)))
    if isinstance(space, MultiDiscrete):
        return int(max(np.abs(space.start).max(), np.abs(space.start + space.nvec - 1).max()))
    if isinstance(space, Box) and np.dtype(space.dtype).kind in "iu":
        # As Python's numbers, because the least int64 has no absolute value among them.
        return max((abs(int(bound)) for bound in np.ravel([space.low, space.high])), default=0)
    return 0


def advice(space: gymnasium.Space[Any]) -> str:
    """Return what makes one array of a space that is none: a wrapper that works for this very space."""
    flatten = "wrap the environment in gymnasium.wrappers.FlattenObservation."
    if not isinstance(space, Dict):
        return flatten if _flattens(space) else "wrap the environment so that an observation is one array of numbers."
    arrays = [key for key, part in space.spaces.items() if isinstance(part, (Box, Discrete)) and _flattens(part)]
    if len(arrays) == len(space.spaces):
        return flatten
    if not arrays:
        return "wrap the environment so that an observation is one array of numbers."
    # The largest entry is what there is to see; texts and the like are for people.
    largest = max(arrays, key=lambda key: math.prod(space.spaces[key].shape or ()))
    one = f"gymnasium.wrappers.TransformObservation(env, lambda o: o[{largest!r}], env.observation_space[{largest!r}])"
    several = f", or FlattenObservation(FilterObservation(env, {arrays})) for several" if len(arrays) > 1 else ""
    return f"take its entry {largest!r} with a factory: {one}{several}."


def draw(space: gymnasium.Space, number: int, rng: np.random.Generator) -> np.ndarray:
    """Draw actions uniformly, (number, ...); for Discrete spaces int64 indices from 0."""
    if isinstance(space, Discrete):
        return rng.integers(int(space.n), size=number)
    if isinstance(space, MultiDiscrete):
        return space.start + rng.integers(space.nvec, size=(number, *space.shape))
    if isinstance(space, Box):
        drawn = rng.uniform(space.low, space.high, (number, *space.shape))
        return drawn.astype(space.dtype)
    return rng.integers(2, size=(number, *(space.shape or ()))).astype(np.int8)


def _flattens(space: gymnasium.Space[Any]) -> bool:
    try:
        return isinstance(gymnasium.spaces.flatten_space(space), Box)
    except NotImplementedError:
        return False


def as_batch(space: gymnasium.Space[Any], values: Any) -> tuple[np.ndarray, bool]:
    """Return values as an array with a leading batch axis, and whether it was one value alone.

    Raises:
        UsageError: For another shape, fractions or numbers out of range where the space holds whole numbers.
    """
    shape, dtype = layout(space)
    values = of_mapping(space, values)
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise UsageError(f"observations received rows of different shapes; expected {shape} each. {error}") from error
    if array.dtype != dtype or isinstance(space, Discrete):
        array = _converted(space, array, dtype)
    if array.shape == shape:
        return array[None], True
    if array.shape[1:] == shape and array.ndim == len(shape) + 1:
        return array, False
    several = f"({', '.join(map(str, ('n', *shape)))}{'' if shape else ','})"
    raise UsageError(f"observations received shape {array.shape}; expected {shape} for one or {several} for n.")


def _converted(space: gymnasium.Space[Any], array: np.ndarray, dtype: np.dtype[Any]) -> np.ndarray:
    if array.dtype.kind not in ("fiub" if dtype.kind == "f" else "iub"):
        raise UsageError(
            f"observations received {array.dtype} values; expected {dtype} of {space}. "
            "Fix: give what the environment gives, not scaled or made floats."
        )
    if dtype.kind in "iu" and array.size:
        least, most = np.iinfo(dtype).min, np.iinfo(dtype).max
        if isinstance(space, Discrete):
            least, most = int(space.start), int(space.start + space.n) - 1
        if array.min() < least or array.max() > most:
            raise UsageError(
                f"observations received values from {array.min()} to {array.max()}; expected {least} to {most} "
                f"({space}). Fix: give what the environment gives."
            )
    return array.astype(dtype, copy=False)


def to_environment(space: gymnasium.Space[Any], actions: np.ndarray) -> Any:
    """Turn a batch of an agent's actions into what each `env.step` takes, as an array of them.

    Here, and nowhere else in the host lane, actions are held to their space: those of a Box are clipped to its bounds
    (as in Stable-Baselines3; the agent learns from the action it chose), all others must be within theirs.

    Args:
        space: Of the actions.
        actions: (n, ...); for Discrete spaces indices from 0, whatever the space's start.

    Raises:
        UsageError: For another shape, numbers that are not finite, and indices out of range.
    """
    if actions.__class__ is not np.ndarray:
        actions = np.asarray(actions)
    if isinstance(space, Discrete):
        # Entries of another dtype or of more dimensions are no `int` here; NumPy's own checks cost several times this.
        for action in actions.tolist() if actions.ndim else [actions]:
            if action.__class__ is not int or not 0 <= action < space.n:
                raise _bad_actions(space, actions, f"whole numbers (n,) from 0 to {space.n - 1}")
        return actions + space.start if space.start else actions
    shape, dtype = layout(space)
    if actions.shape[1:] != shape or actions.ndim != len(shape) + 1:
        raise _bad_actions(space, actions, f"the shape {('n', *shape)}")
    if isinstance(space, Box):
        if actions.dtype.kind not in ("fiu" if dtype.kind == "f" else "iu"):
            raise _bad_actions(space, actions, f"{dtype} numbers")
        if actions.dtype.kind == "f" and not np.isfinite(actions).all():
            raise _bad_actions(space, actions, "finite numbers")
        return np.clip(actions, space.low, space.high).astype(dtype, copy=False)
    low, high = _whole_range(space)
    if actions.dtype.kind not in "iub" or (actions < low).any() or (actions > high).any():
        raise _bad_actions(space, actions, f"whole numbers from {low} to {high}")
    return actions


def pure_to_environment(space: gymnasium.Space[Any], actions: tf.Tensor) -> tf.Tensor:
    """Return actions of an agent's pure functions, (n, ...), as the compiled lane steps with: clipped for a Box."""
    if not isinstance(space, Box):
        return actions
    import tensorflow as tf

    low, high = (tf.constant(bound, tf.float32) for bound in (space.low, space.high))
    return tf.minimum(tf.maximum(actions, low), high)


def taken(space: gymnasium.Space[Any], chosen: np.ndarray, actions: np.ndarray) -> np.ndarray:
    """Return the actions that were taken, (n, ...), as recordings keep them: clipped, Discrete ones counted from 0."""
    return chosen if isinstance(space, Discrete) else actions


def _whole_range(space: Any) -> tuple[Any, Any]:
    if isinstance(space, MultiDiscrete):
        return space.start, space.start + space.nvec - 1
    if isinstance(space, Tuple):
        parts: list[Any] = list(space.spaces)
        starts = np.array([int(s.start) for s in parts])
        return starts, starts + np.array([int(s.n) for s in parts]) - 1
    return 0, 1


def _bad_actions(space: Any, actions: np.ndarray, expected: str) -> UsageError:
    shown = np.array2string(actions, threshold=8, precision=4).replace("\n", "")
    return UsageError(
        f"the agent's act_batch gave actions {shown} ({actions.dtype}, shape {actions.shape}); expected {expected} for "
        f"{space}. Fix: mend act_batch."
    )
