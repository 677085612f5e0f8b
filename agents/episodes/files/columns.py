"""Recorded episodes as flat arrays, and the checks that they fit together."""

from __future__ import annotations

from typing import Any, NamedTuple

import gymnasium
import numpy as np
from gymnasium.spaces import Discrete

from agents import spaces
from lab.errors import UsageError, bad_value


class Columns(NamedTuple):
    """N steps of E episodes, one after the other.

    Attributes:
        observations: (N, ...), what each action was chosen from.
        final_observations: (E, ...), what followed the last action of each episode.
        actions: (N, ...); for Discrete spaces int64 from 0, whatever the space's start.
        rewards: float32 or float64 (N,).
        lengths: int64 (E,), steps of each episode.
        terminated, truncated: bool (E,), how each ended; neither where the recording stopped before.
        returns: float64 (E,), undiscounted.
    """

    observations: np.ndarray
    final_observations: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    lengths: np.ndarray
    terminated: np.ndarray
    truncated: np.ndarray
    returns: np.ndarray


class Episode(NamedTuple):
    """One recorded episode of T steps.

    Attributes:
        observations: (T + 1, ...), the last one what followed the last action.
        actions: (T, ...).
        rewards: (T,).
        terminated, truncated: How it ended.
    """

    observations: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    terminated: bool
    truncated: bool


def starts_of(lengths: np.ndarray) -> np.ndarray:
    """Return each episode's first row, int64 (E,)."""
    starts = np.zeros(len(lengths), np.int64)
    np.cumsum(lengths[:-1], out=starts[1:])
    return starts


def returns_of(rewards: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Return each episode's sum of rewards, float64 (E,)."""
    return np.add.reduceat(rewards, starts, dtype=np.float64)


def columns(
    observation_space: gymnasium.Space[Any],
    action_space: gymnasium.Space[Any],
    observations: Any,
    actions: Any,
    rewards: Any,
    terminated: Any,
    truncated: Any,
    lengths: Any,
    final_observations: Any,
) -> Columns:
    """Return arrays as columns of the right types.

    Raises:
        UsageError: When they do not fit the spaces or one another.
    """
    lengths = np.asarray(lengths)
    if lengths.ndim != 1 or not len(lengths) or lengths.dtype.kind not in "iu" or lengths.min() < 1:
        shown = f"{lengths.dtype} {lengths.shape}"
        raise bad_value("Episodes", "lengths", shown, "whole numbers > 0, one for each of at least one episode")
    lengths = lengths.astype(np.int64)
    number, steps = len(lengths), int(lengths.sum())
    observed = _rows("observations", observations, observation_space, steps)
    finals = _rows("final_observations", final_observations, observation_space, number)
    acted = _rows("actions", actions, action_space, steps)
    if isinstance(action_space, Discrete) and not (acted.min() >= 0 and acted.max() < action_space.n):
        raise bad_value("Episodes", "actions", f"{acted.min()} to {acted.max()}", f"0 to {action_space.n - 1}")
    paid = np.asarray(rewards)
    paid = paid if paid.dtype in (np.float32, np.float64) else paid.astype(np.float64)
    if paid.shape != (steps,) or not np.isfinite(paid).all():
        raise bad_value("Episodes", "rewards", f"{paid.dtype} {paid.shape}", f"finite numbers ({steps},)")
    flags = []
    for name, flag in (("terminated", terminated), ("truncated", truncated)):
        flags.append(np.asarray(flag, bool))
        if flags[-1].shape != (number,):
            raise bad_value("Episodes", name, f"shape {flags[-1].shape}", f"one flag for each episode ({number},)")
    returns = returns_of(paid, starts_of(lengths))
    return Columns(observed, finals, acted, paid, lengths, flags[0], flags[1], returns)


def joined(parts: list[Columns]) -> Columns:
    """Return columns one after the other, in memory."""
    return Columns(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def _rows(name: str, given: Any, space: gymnasium.Space[Any], number: int) -> np.ndarray:
    shape, dtype = spaces.layout(space)
    array = np.asarray(given)
    if array.shape != (number, *shape) or not np.can_cast(array.dtype, dtype, "same_kind"):
        received = f"{array.dtype} {array.shape}"
        raise UsageError(
            f"Episodes: {name} received {received}; expected {dtype} {(number, *shape)} for the space {space}. "
            "Fix: give one row a step (final_observations: one an episode), and the spaces of the recording."
        )
    return array.astype(dtype, copy=False)


def divided(terminated: np.ndarray, truncated: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return lengths and how each episode ended from flags of each step, bool (N,); an unended rest is an episode."""
    if terminated.shape != truncated.shape or terminated.ndim != 1 or not len(terminated):
        received = f"{terminated.shape} and {truncated.shape}"
        raise bad_value("Episodes", "terminated and truncated", received, "flags of each of at least one step (N,)")
    ends = np.flatnonzero(terminated | truncated)
    if not len(ends) or ends[-1] != len(terminated) - 1:
        ends = np.append(ends, len(terminated) - 1)
    return np.diff(ends, prepend=-1), terminated[ends], truncated[ends]


def rows_of(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return the rows of some episodes, one episode after the other, int64."""
    shifts = np.repeat(starts - starts_of(lengths), lengths)
    return shifts + np.arange(len(shifts))


def taken(parts: Columns, starts: np.ndarray, chosen: np.ndarray) -> Columns:
    """Return some episodes' columns, copied."""
    rows = rows_of(starts[chosen], parts.lengths[chosen])
    steps = ("observations", "actions", "rewards")
    return Columns(*(array[rows if name in steps else chosen] for name, array in parts._asdict().items()))
