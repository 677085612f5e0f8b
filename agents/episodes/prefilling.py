"""Recorded episodes in the replay of an agent that is about to be trained."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from agents.episodes.episodes import Episodes
from agents.episodes.finite import check_finite
from agents.replay.experience import Replay
from agents.transitions import Transition
from lab.errors import UsageError, bad_value
from lab.messages.notes import note

# Steps of all environments that are read at once.
BLOCK = 1024


def opened(owner: str, episodes: Any) -> Episodes:
    """Return the episodes that are given, or that a file has.

    Raises:
        UsageError: When they are neither, or the file is none of episodes.
    """
    if isinstance(episodes, Episodes):
        return episodes
    if isinstance(episodes, (str, os.PathLike)):
        return Episodes.load(episodes)
    raise bad_value(f"{owner}.prefill", "episodes", episodes, "Episodes, or the path of a file of them")


def recorded_blocks(agent: Any, memory: Any) -> Iterator[Transition]:
    """Yield what `agent.prefill` was given, as steps of its environments: of arrays (L, n, ...), L at most `BLOCK`.

    Episodes are dealt to the environments, one after another to the one that has the fewest steps, so that each of
    these goes on as it did; of each as many of the last steps are taken as all of them have and the replay has room.

    Args:
        agent: Built.
        memory: That they are for.

    Raises:
        UsageError: When the recording is of other spaces or not finite, or the agent keeps what no recording has.
    """
    episodes = agent.recorded
    if agent.steps or getattr(memory, "size", 0):
        # It has them, or has gone on since.
        return
    rows = _dealt(agent, _checked(agent, episodes))
    of = np.repeat(np.arange(len(episodes.lengths)), episodes.lengths)
    ends = np.asarray(episodes.starts) + np.asarray(episodes.lengths) - 1
    for begin in range(0, len(rows), BLOCK):
        some = rows[begin : begin + BLOCK]
        episode = of[some]
        last = some == ends[episode]
        following = np.asarray(episodes.observations[np.minimum(some + 1, len(of) - 1)])
        following[last] = episodes.final_observations[episode[last]]
        terminated = last & np.asarray(episodes.terminated)[episode]
        yield Transition(
            observation=np.asarray(episodes.observations[some]),
            action=np.asarray(episodes.actions[some]),
            reward=np.asarray(episodes.rewards[some]),
            terminated=terminated,
            # Also where the recording merely stops: nothing is known of what followed.
            truncated=last & ~terminated,
            next_observation=following,
        )


def _checked(agent: Any, episodes: Episodes) -> Episodes:
    owner = type(agent).__name__
    for name in ("observation_space", "action_space"):
        mine, theirs = getattr(agent, name), getattr(episodes, name)
        if mine != theirs:
            raise UsageError(
                f"{owner}.prefill: the recording's {name} is {theirs}; that of the environment {mine}. "
                "Fix: episodes of this environment, with its wrappers: lab record RUN -o FILE.npz."
            )
    kept = sorted(agent.extras)
    if kept or not isinstance(agent.experience(), Replay):
        what = (
            f"keeps {' and '.join(map(repr, kept))} of each step, which no recording has" if kept else "has no replay"
        )
        raise UsageError(f"{owner}.prefill: {owner} {what}. Fix: DQN, SAC, TD3 or their kin.")
    agent.refuse_masks(bool(agent.masked))
    check_finite(f"{owner}.prefill", episodes)
    return episodes


def _dealt(agent: Any, episodes: Episodes) -> np.ndarray:
    """Return the rows of the recording that each environment's steps are, (L, n)."""
    number, capacity = agent.num_envs, agent.experience().capacity
    room = max(1, capacity // number)
    lengths, starts = np.asarray(episodes.lengths), np.asarray(episodes.starts)
    if len(lengths) < number:
        raise UsageError(
            f"{type(agent).__name__}.prefill: {len(lengths)} episodes cannot be dealt to {number} environments. "
            "Fix: a smaller num_envs, or more episodes."
        )
    # The last ones that there is room for, in the order in which they were recorded.
    behind = np.cumsum(lengths[::-1])
    chosen = range(len(lengths) - max(number, int(np.searchsorted(behind, room * number)) + 1), len(lengths))
    hands: list[list[np.ndarray]] = [[] for _ in range(number)]
    sizes = np.zeros(number, np.int64)
    for episode in (e for e in chosen if e >= 0):
        hand = int(sizes.argmin())
        hands[hand].append(np.arange(starts[episode], starts[episode] + lengths[episode]))
        sizes[hand] += lengths[episode]
    taken = min(room, int(sizes.min()))
    note(
        f"{type(agent).__name__}: its replay begins with {taken * number:,} of the {int(lengths.sum()):,} recorded "
        f"steps, of {len(lengths):,} episodes."
    )
    return np.stack([np.concatenate(hand)[-taken:] for hand in hands], axis=1)
