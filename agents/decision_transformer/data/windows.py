"""Windows of recorded episodes: where they lie, and what is in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from agents.episodes import Episodes

# Parts of the range of returns that windows are drawn from equally often, where that is asked for.
GROUPS = 10


class Steps(NamedTuple):
    """Successive steps of episodes, as they were recorded: what an update learns from and a context holds.

    Attributes:
        returns: float32 (B, T), returns-to-go divided by the scale.
        observations: (B, T, ...).
        actions: (B, T, ...), int32 from 0 for Discrete spaces and else float32.
        timesteps: int32 (B, T), steps since the episode's start.
        present: bool (B, T), False for padding.
    """

    returns: np.ndarray
    observations: np.ndarray
    actions: np.ndarray
    timesteps: np.ndarray
    present: np.ndarray


class Windows(NamedTuple):
    """Where windows lie in the flat arrays of recorded episodes.

    Attributes:
        rows: int64 (..., T), the row of each step; padding repeats a row of the same episode.
        present: bool (..., T), False for padding, which comes first.
        timesteps: int32 (..., T), steps since the episode's start; 0 in the padding.
    """

    rows: np.ndarray
    present: np.ndarray
    timesteps: np.ndarray


def returns_to_go(rewards: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Return for each step the undiscounted sum of its reward and all later ones of its episode, float64 (N,).

    Args:
        rewards: (N,), of one episode after the other.
        starts: int64 (E,), each episode's first row.
    """
    result = np.empty(len(rewards), np.float64)
    for first, end in zip(starts, np.append(starts[1:], len(rewards)), strict=True):
        # Added from the end, each episode by itself: small rewards are not lost beside a long recording's sum.
        result[first:end] = np.cumsum(rewards[first:end][::-1], dtype=np.float64)[::-1]
    return result


class Groups:
    """Draws steps of episodes, each group of episodes as often as any other.

    Args:
        lengths: int64 (E,), of one episode after the other.
        groups: int (E,), the group of each episode.
    """

    def __init__(self, lengths: np.ndarray, groups: np.ndarray) -> None:
        order = np.argsort(groups, kind="stable")
        # Where each episode's steps lie if they stood group by group, and what to add to come to where they stand.
        self.ends = np.cumsum(lengths[order])
        self.shifts = (np.cumsum(lengths) - lengths)[order] - (self.ends - lengths[order])
        self.last = self.ends[np.flatnonzero(np.append(np.diff(groups[order]) > 0, True))]

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """Return rows, int64 of that shape: a group, then one of its episodes' steps."""
        group = rng.integers(len(self.last), size=shape)
        first = np.append(0, self.last)[group]
        place = first + rng.integers(self.last[group] - first)
        return place + self.shifts[np.searchsorted(self.ends, place, side="right")]


def groups_of(returns: np.ndarray, most: int = GROUPS) -> np.ndarray:
    """Divide the range of returns (E,) into equally wide parts; return each episode's part, int64 (E,)."""
    low, high = float(returns.min()), float(returns.max())
    share = (returns - low) / (high - low or 1.0)
    return np.minimum((share * most).astype(np.int64), most - 1)


def draw_windows(
    starts: np.ndarray,
    lengths: np.ndarray,
    steps: int,
    shape: tuple[int, ...],
    rng: np.random.Generator,
    groups: Groups | None = None,
) -> Windows:
    """Draw windows of `steps` steps, an episode in proportion to its length (Chen et al. 2021, section 3).

    A window never leaves its episode. It begins with padding only where the whole episode is shorter; else it is full,
    so nothing is computed in vain: a step is drawn from all steps, then its place in the window, and the window is
    moved into the episode.

    Args:
        starts, lengths: int64 (E,).
        steps: T.
        shape: How many windows.
        rng: Where they are drawn from.
        groups: Groups of episodes to draw equally often, within each in proportion to length; None for one of all.
    """
    ends = starts + lengths
    drawn = rng.integers(ends[-1], size=shape) if groups is None else groups.draw(shape, rng)
    episode = np.searchsorted(starts, drawn, side="right") - 1
    first, end = starts[episode], ends[episode]
    begin = np.clip(drawn - rng.integers(steps, size=shape), first, np.maximum(first, end - steps))
    return windows_at(begin, np.minimum(end, begin + steps), first, steps)


def windows_at(begin: np.ndarray, end: np.ndarray, first: np.ndarray, steps: int) -> Windows:
    """Return windows of `steps` steps, padded on the left.

    Args:
        begin, end: int64 (...), the first row of each and the one after its last.
        first: int64 (...), the first row of its episode.
        steps: T.
    """
    rows = end[..., None] - steps + np.arange(steps)
    present = rows >= begin[..., None]
    rows = np.where(present, rows, begin[..., None])
    return Windows(rows, present, np.where(present, rows - first[..., None], 0).astype(np.int32))


class Sampler:
    """Draws batches of windows from recorded episodes.

    Args:
        episodes: The recording.
        batch_size: Windows a batch.
        steps: Steps a window.
        scale: Gives what returns are divided by.
        sampling: How often an episode is drawn: by its "length", each "episode" equally often, or each part of the
            range of returns equally often ("return").
    """

    def __init__(
        self, episodes: Episodes, batch_size: int, steps: int, scale: Callable[[], float], sampling: str = "length"
    ) -> None:
        self.episodes, self.batch_size, self.steps, self.scale = episodes, batch_size, steps, scale
        self.groups: Groups | None = None
        if sampling != "length":
            alone = sampling == "episode"
            groups = np.arange(len(episodes.lengths)) if alone else groups_of(episodes.returns)
            self.groups = Groups(episodes.lengths, groups)
        self.to_go = returns_to_go(episodes.rewards, episodes.starts)

    def __call__(self, rng: np.random.Generator) -> Steps:
        episodes = self.episodes
        windows = draw_windows(episodes.starts, episodes.lengths, self.steps, (self.batch_size,), rng, self.groups)
        actions = episodes.actions[windows.rows]
        return Steps(
            (self.to_go[windows.rows] / self.scale()).astype(np.float32),
            episodes.observations[windows.rows],
            actions.astype(np.int32 if actions.dtype.kind in "iu" else np.float32),
            windows.timesteps,
            windows.present,
        )
