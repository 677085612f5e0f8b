"""A pool of environments that reset themselves at an episode's end and resume exactly."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import gymnasium
import numpy as np

from agents import spaces
from agents.playing.checks import Checked
from lab.errors import CheckpointError
from lab.notes import warn
from lab.seeding import Seeds


class PoolStep(NamedTuple):
    """What one step of n environments gave.

    Attributes:
        observation: What to act on next, (n, ...): after an end, the new episode's first (SAME_STEP).
        reward: float64 (n,).
        terminated, truncated: bool (n,).
        next_observation: What followed the actions, (n, ...): at an end, the episode's true last observation.
    """

    observation: np.ndarray
    reward: np.ndarray
    terminated: np.ndarray
    truncated: np.ndarray
    next_observation: np.ndarray


class Pool:
    """Steps n environments; an ended one starts its next episode in the same step.

    Environments resume exactly without knowing of it: each episode's random state at its start and its actions are
    kept, played again on restoring, and the outcome checked by hash.

    Args:
        envs: Environments with equal spaces.
        seeds: Environment i is seeded once, from the stream `environment` at i.

    Attributes:
        finished: Return and length of each episode that ended, until somebody takes them.
        exact: Whether restoring raises when an environment does not arrive where it was; otherwise it warns and starts
            the environment's next episode.
    """

    exact = True

    def __init__(self, envs: list[gymnasium.Env[Any, Any]], seeds: Seeds) -> None:
        self.envs: list[gymnasium.Env[Any, Any]] = [Checked(env) for env in envs]
        self.number = len(envs)
        self.action_space = envs[0].action_space
        shape, self.dtype = spaces.layout(envs[0].observation_space)
        self.shape = (self.number, *shape)
        self.episodes = [_Episode({"seed": seeds.integer("environment", i)}) for i in range(self.number)]
        self.observation = np.empty(self.shape, self.dtype)
        self.finished: list[tuple[float, int]] = []
        self.started = False

    def start(self) -> np.ndarray:
        """Begin the first episodes, if they have not begun; return the present observations (n, ...)."""
        if not self.started:
            for i in range(self.number):
                self.observation[i] = self.episodes[i].begin(self.envs[i])
            self.started = True
        return self.observation

    def step(self, actions: np.ndarray) -> PoolStep:
        """Step all environments with actions (n, ...) as the agent gives them."""
        number, episodes = self.number, self.episodes
        following = np.empty(self.shape, self.dtype)
        rewards: list[Any] = [0.0] * number
        terminated, truncated = [False] * number, [False] * number
        ended: list[int] = []
        for i, action in enumerate(spaces.to_environment(self.action_space, actions)):
            following[i], rewards[i], terminated[i], truncated[i], _ = self.envs[i].step(action)
            episodes[i].actions.append(action.copy() if action.ndim else action)
            episodes[i].total += float(rewards[i])
            if terminated[i] or truncated[i]:
                ended.append(i)
        current = following
        if ended:
            current = following.copy()
            for i in ended:
                self.finished.append((episodes[i].total, len(episodes[i].actions)))
                episodes[i] = _Episode.after(self.envs[i])
                current[i] = episodes[i].begin(self.envs[i])
        self.observation = current
        # Environments may give whole numbers for rewards; agents are promised float64.
        rewarded = np.array(rewards, np.float64)
        return PoolStep(current, rewarded, np.array(terminated, bool), np.array(truncated, bool), following)

    def get_state(self) -> dict[str, Any]:
        """Return what `set_state` needs to bring every environment to where it is."""
        if not self.started:
            return {"started": False}
        finished = [list(pair) for pair in self.finished]
        states = [_save(env, e, o) for env, e, o in zip(self.envs, self.episodes, self.observation, strict=True)]
        return {"started": True, "environments": states, "observation": self.observation.copy(), "finished": finished}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Bring every environment to where it was.

        Raises:
            CheckpointError: When playing an episode again gives another outcome, unless `exact` is False.
        """
        self.started = state["started"]
        if not self.started:
            return
        self.observation = np.array(state["observation"])
        self.finished = [(total, length) for total, length in state["finished"]]
        for i, saved in enumerate(state["environments"]):
            try:
                self.episodes[i] = _restore(self.envs[i], saved)
            except CheckpointError as error:
                if self.exact:
                    raise
                warn(f"environment {i} starts a new episode: {error}", stacklevel=2)
                self.episodes[i] = _Episode.after(self.envs[i])
                self.observation[i] = self.episodes[i].begin(self.envs[i])

    def close(self) -> None:
        """Close all environments."""
        for env in self.envs:
            env.close()


class _Episode:
    """How an episode began, and every action since: enough to play it again."""

    __slots__ = ("actions", "origin", "total")

    def __init__(self, origin: dict[str, Any]) -> None:
        self.origin = origin
        self.actions: list[Any] = []
        self.total = 0.0

    @classmethod
    def after(cls, env: gymnasium.Env[Any, Any]) -> _Episode:
        """Return the record of the episode that the environment's next reset begins."""
        return cls({"random_state": env.unwrapped.np_random.bit_generator.state})

    def begin(self, env: gymnasium.Env[Any, Any]) -> Any:
        """Reset the environment to this episode's first observation and return it."""
        if "seed" in self.origin:
            return env.reset(seed=self.origin["seed"])[0]
        env.unwrapped.np_random.bit_generator.state = self.origin["random_state"]
        return env.reset()[0]


def _save(env: gymnasium.Env[Any, Any], episode: _Episode, observation: np.ndarray) -> dict[str, Any]:
    actions = np.array(episode.actions)
    return {"origin": episode.origin, "actions": actions, "hash": _hash(env, observation, episode.total)}


def _restore(env: gymnasium.Env[Any, Any], saved: Mapping[str, Any]) -> _Episode:
    episode = _Episode(dict(saved["origin"]))
    observation = episode.begin(env)
    for action in saved["actions"]:
        observation, reward, *_ = env.step(action)
        episode.actions.append(action)
        episode.total += float(reward)
    _, dtype = spaces.layout(env.observation_space)
    if _hash(env, np.asarray(observation, dtype), episode.total) != saved["hash"]:
        raise CheckpointError(
            f"{env} did not arrive where it was when its episode was played again: it draws random numbers from "
            "elsewhere than its np_random, or keeps state between episodes. Fix: draw from self.np_random only, or "
            "resume inexactly with Experiment.resume(run_dir, exact=False)."
        )
    return episode


def _hash(env: gymnasium.Env[Any, Any], observation: np.ndarray, total: float) -> str:
    numbers = repr((total, env.unwrapped.np_random.bit_generator.state))
    return hashlib.sha256(np.ascontiguousarray(observation).tobytes() + numbers.encode()).hexdigest()
