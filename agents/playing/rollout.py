"""Plays whole episodes without learning."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from agents import spaces
from agents.playing.checks import Checked
from agents.playing.statistics import freeze
from agents.playing.wrappers import MAX_EPISODE_STEPS, RewardTap, has_time_limit, name_of, tap_rewards
from lab.messages.notes import note

if TYPE_CHECKING:
    import gymnasium

    from agents.base import Agent

# Fewer episodes are over before a call for several environments would be compiled.
LEAST_TOGETHER = 20


class Played(NamedTuple):
    """What episodes came to, in the order of their seeds.

    Attributes:
        returns: The undiscounted return of each as the environment itself pays, below wrappers that change rewards.
        lengths: The steps of each.
        wrapped: The returns as reward wrappers make them; None where there are none.
    """

    returns: list[float]
    lengths: list[int]
    wrapped: list[float] | None = None


class Stage:
    """An environment made ready to play whole episodes in: checked, with a limit, its statistics frozen.

    Args:
        env: A fresh environment; it is reset and stepped through this only.
        statistics: Of the training environments' wrappers: see `agents.playing.statistics`.
        reads_masks: Whether to look for masks of the actions.

    Attributes:
        env: What to reset and step.
        total: The present episode's return, as the environment itself pays.
        wrapped: The same as reward wrappers make it.
        length: The present episode's steps.
    """

    def __init__(
        self,
        env: gymnasium.Env[Any, Any],
        statistics: Mapping[str, Mapping[str, np.ndarray]] | None = None,
        reads_masks: bool = False,
    ) -> None:
        freeze(env, statistics or {})
        self.tap: RewardTap | None = tap_rewards(env)
        self.env = Checked(env, reads_masks)
        self.limit = None if has_time_limit(env) else MAX_EPISODE_STEPS
        self.wrapped, self.length = 0.0, 0

    @property
    def total(self) -> float:
        """The present episode's return, as the environment itself pays."""
        return self.wrapped if self.tap is None else self.tap.total

    def reset(self, seed: int) -> Any:
        """Begin an episode and return its first observation."""
        self.wrapped, self.length = 0.0, 0
        observation = self.env.reset(seed=seed)[0]
        if self.tap is not None:
            # Wrappers may have stepped to get to the first observation.
            self.tap.total = 0.0
        return observation

    def step(self, action: Any) -> tuple[Any, float, bool, bool]:
        """Step and return observation, reward, terminated and truncated, the last also at the limit."""
        observation, reward, terminated, truncated, _ = self.env.step(action)
        self.wrapped, self.length = self.wrapped + float(reward), self.length + 1
        if self.length == self.limit and not (terminated or truncated):
            truncated = True
            note(
                f"{name_of(self.env)} has no time limit; episodes that are evaluated, filmed or recorded are cut off "
                f"after {self.limit:,} steps and count as truncated. For another limit wrap the environment, or the "
                "evaluation_source, in gymnasium.wrappers.TimeLimit."
            )
        return observation, reward, terminated, truncated


def stacked(masks: Sequence[np.ndarray | None]) -> np.ndarray | None:
    """Return masks of several environments as one, bool (n, A), all true where one has none; None where none has."""
    known = next((mask for mask in masks if mask is not None), None)
    if known is None:
        return None
    return np.stack([np.ones_like(known) if mask is None else mask for mask in masks])


def _together(stages: Sequence[Stage]) -> Any:
    """Return what steps the stages' environments in one call, where they offer it; else None."""
    offered = getattr(stages[0].env.unwrapped, "together", None)
    return offered([stage.env for stage in stages]) if offered is not None and len(stages) > 1 else None


def play(
    agent: Agent,
    envs: Sequence[gymnasium.Env[Any, Any]],
    starts: list[int],
    explore: bool = False,
    watch: Callable[..., None] | None = None,
    statistics: Mapping[str, Mapping[str, np.ndarray]] | None = None,
) -> Played:
    """Play one episode per seed, several side by side.

    Every episode has its own seed, so the set of episodes does not depend on how many environments share the work.
    The batch keeps its size to the end, so that compiled agents never see a new shape. Where an environment has no
    time limit, episodes are cut off after `MAX_EPISODE_STEPS`.

    Args:
        agent: A built agent.
        envs: Fresh environments to play in.
        starts: One seed per episode.
        explore: As for `Agent.act_batch`.
        watch: Called with each step as it is made: the episode's number, observation, the action taken (Discrete
            ones from 0), reward, terminated, truncated and what followed.
        statistics: Of the training environments' wrappers, which the environments here are to share.
    """
    stages = [Stage(env, statistics, agent.honours_masks) for env in envs[: len(starts)]]
    together = _together(stages) if len(starts) >= LEAST_TOGETHER else None
    space = stages[0].env.action_space
    shape, dtype = spaces.layout(stages[0].env.observation_space)
    observation = np.zeros((len(stages), *shape), dtype)
    returns, wrapped, lengths = [0.0] * len(starts), [0.0] * len(starts), [0] * len(starts)
    waiting = iter(range(len(starts)))
    playing: list[int | None] = [None] * len(stages)

    def begin(rows: list[int]) -> None:
        for i in rows:
            playing[i] = next(waiting, None)
            episode = playing[i]
            if episode is not None:
                observation[i] = stages[i].reset(starts[episode])
        if rows:
            agent.begin_episodes(np.array(rows), len(stages))

    try:
        begin(list(range(len(stages))))
        while any(episode is not None for episode in playing):
            seen = observation.copy()
            agent.allow(stacked([stage.env.mask for stage in stages]))
            chosen = agent.act_batch(seen, explore)
            actions = spaces.to_environment(space, chosen)
            rewards, ended = np.zeros(len(stages)), []
            if together is not None:
                together.prepare(actions, [i for i, episode in enumerate(playing) if episode is not None])
            for i, episode in enumerate(playing):
                if episode is None:
                    continue
                stage = stages[i]
                observation[i], reward, terminated, truncated = stage.step(actions[i])
                rewards[i] = reward
                if watch is not None:
                    action = spaces.taken(space, chosen, actions)[i]
                    watch(episode, seen[i], action, float(reward), terminated, truncated, observation[i].copy())
                if terminated or truncated:
                    returns[episode], wrapped[episode], lengths[episode] = stage.total, stage.wrapped, stage.length
                    ended.append(i)
            agent.observe_rewards(rewards)
            begin(ended)
    finally:
        agent.allow(None)
        agent.end_episodes()
    return Played(returns, lengths, None if stages[0].tap is None else wrapped)
