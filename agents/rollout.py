"""Plays whole episodes without learning."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from agents import spaces

if TYPE_CHECKING:
    import gymnasium

    from agents.base import Agent


def play(
    agent: Agent,
    envs: list[gymnasium.Env[Any, Any]],
    starts: list[int],
    explore: bool = False,
    watch: Callable[..., None] | None = None,
) -> tuple[list[float], list[int]]:
    """Play one episode per seed, several side by side.

    Every episode has its own seed, so the set of episodes does not depend on how many environments share the work.
    The batch keeps its size to the end, so that compiled agents never see a new shape.

    Args:
        agent: A built agent.
        envs: Environments to play in.
        starts: One seed per episode.
        explore: As for `Agent.act_batch`.
        watch: Told of each step as it is made: the episode's number, observation, action (Discrete ones from 0),
            reward, terminated, truncated and what followed.

    Returns:
        The undiscounted return and the length of each episode, in the order of `starts`.
    """
    envs = envs[: len(starts)]
    shape, dtype = spaces.layout(envs[0].observation_space)
    observation = np.zeros((len(envs), *shape), dtype)
    returns, lengths = [0.0] * len(starts), [0] * len(starts)
    waiting = iter(range(len(starts)))
    playing: list[int | None] = [None] * len(envs)

    def begin(rows: list[int]) -> None:
        for i in rows:
            playing[i] = next(waiting, None)
            episode = playing[i]
            if episode is not None:
                observation[i] = envs[i].reset(seed=starts[episode])[0]
        if rows:
            agent.begin_episodes(np.array(rows), len(envs))

    try:
        begin(list(range(len(envs))))
        while any(episode is not None for episode in playing):
            seen = observation.copy()
            chosen = agent.act_batch(seen, explore)
            actions = spaces.to_environment(envs[0].action_space, chosen)
            rewards, ended = np.zeros(len(envs)), []
            for i, episode in enumerate(playing):
                if episode is None:
                    continue
                observation[i], reward, terminated, truncated, _ = envs[i].step(actions[i])
                rewards[i] = float(reward)
                returns[episode] += float(reward)
                lengths[episode] += 1
                if watch is not None:
                    watch(episode, seen[i], chosen[i], float(reward), terminated, truncated, observation[i].copy())
                if terminated or truncated:
                    ended.append(i)
            agent.observe_rewards(rewards)
            begin(ended)
    finally:
        agent.end_episodes()
    return returns, lengths
