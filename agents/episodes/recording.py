"""Records episodes of any agent or policy in any environment."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Discrete

from agents import spaces
from agents.base import Agent
from agents.episodes.episodes import Episodes
from agents.parts.masking.masked import nth_allowed
from agents.playing.rollout import play
from agents.spaces import draw
from agents.training.choose import reason_against
from agents.training.dynamics import Dynamics, find
from agents.training.environments import EnvironmentSource
from lab.errors import UsageError, bad_value, check_whole
from lab.runtime.signals.interruption import ending_cleanly
from lab.seeding import Seeds

WIDTH = 10


def record(
    policy: Agent | Callable[..., Any],
    source: Any,
    *,
    episodes: int = 100,
    seed: int = 0,
    explore: bool = False,
    epsilon: float = 0.0,
    num_envs: int | None = None,
    lane: str = "auto",
    name: str | None = None,
) -> Episodes:
    """Play whole episodes and keep all that was seen, done and paid; the same arguments give the same bits.

    Where the environment's dynamics are TensorFlow functions and the agent has pure functions (or is `Random`), all
    runs as one compiled program. The agent itself is not changed: what it draws comes from the seed.

    Args:
        policy: An agent, fresh ones are built for the environment; or a function of one observation, and if it takes a
            second argument a seeded `numpy.random.Generator`, that returns the environment's action.
        source: As for `Experiment`: an environment id, a factory, a `gymnasium.Env`, a `TensorEnv`.
        episodes: How many.
        seed: Of everything random.
        explore: Whether an agent explores as in training.
        epsilon: Probability that an action is drawn uniformly instead, for each step and environment.
        num_envs: Environments side by side; None for what suits the lane. Other numbers give other draws.
        lane: `host`, `compiled` or `auto`.
        name: What the data card calls the policy; None for the agent's or function's name.

    Raises:
        UsageError: On arguments that do not fit, or a compiled lane that cannot be had.
    """
    check_whole("episodes", episodes)
    if num_envs is not None:
        check_whole("num_envs", num_envs)
    number = isinstance(epsilon, (int, float, np.number)) and not isinstance(epsilon, bool)
    if not number or not 0.0 <= epsilon <= 1.0:
        raise bad_value("record", "epsilon", epsilon, "a probability from 0 to 1")
    found, seeds = EnvironmentSource(source), Seeds(seed)
    found.check_separate()
    example = found.make()
    acting = _seeded(policy, example, seeds)
    dynamics = _dynamics(acting, found, source, lane)
    if dynamics.env is not None:
        from agents.episodes.compiled import roll_out

        arrays = roll_out(acting, dynamics.env, seeds, episodes, explore, epsilon, num_envs)
    else:
        envs = [found.make() for _ in range(min(num_envs or WIDTH, episodes))]
        try:
            player = _Player(acting, example.action_space, epsilon, seeds)
            with ending_cleanly():
                arrays = _played(player, envs, seeds, episodes, explore)
        finally:
            for env in envs:
                env.close()
    example.close()
    found.release()
    recorded = Episodes.from_arrays(
        **arrays,
        observation_space=example.observation_space,
        action_space=example.action_space,
        environment=source if isinstance(source, str) else None,
        policy=name or _described(policy, explore, epsilon),
        seeds=(seeds.seed,),
    )
    makes = source if found.kind == "factory" else getattr(source, "to_gymnasium", None)
    return recorded if makes is None else recorded.with_environment(makes)


class _Called:
    """Makes a user's function of one observation act on batches."""

    honours_masks = False

    def __init__(self, function: Callable[..., Any], space: gymnasium.Space[Any], rng: np.random.Generator) -> None:
        self.function, self.space = function, space
        self.more = (rng,) if len(inspect.signature(function).parameters) > 1 else ()

    def act_batch(self, observations: np.ndarray, explore: bool = False) -> np.ndarray:
        """Return what the function does for each row, Discrete actions counted from 0."""
        actions = [self.function(observation, *self.more) for observation in observations]
        for action in actions:
            if action not in self.space:
                raise bad_value("record", "the policy's action", action, f"one of {self.space}")
        first = self.space.start if isinstance(self.space, Discrete) else 0
        return np.array(actions, spaces.layout(self.space)[1]) - first

    def allow(self, masks: np.ndarray | None) -> None:
        """Do nothing: a function chooses by itself."""

    def begin_episodes(self, rows: np.ndarray, number: int) -> None:
        """Do nothing: a function of one observation remembers no episode."""

    def observe_rewards(self, rewards: np.ndarray) -> None:
        """Do nothing."""

    def end_episodes(self) -> None:
        """Do nothing."""


class _Player:
    """Acts as an agent or function does, but with a probability at random; all else is the agent's."""

    def __init__(self, acting: Any, space: gymnasium.Space[Any], epsilon: float, seeds: Seeds) -> None:
        self._acting, self._space, self._epsilon = acting, space, epsilon
        self._rng = seeds.generator("action_space")
        self._allowed: np.ndarray | None = None

    def allow(self, masks: np.ndarray | None) -> None:
        """Keep to the actions that are allowed, where the agent does."""
        self._allowed = masks
        self._acting.allow(masks)

    def act_batch(self, observations: np.ndarray, explore: bool = False) -> np.ndarray:
        """Return an action for each row."""
        actions = self._acting.act_batch(observations, explore)
        if self._epsilon:
            uniform = self._drawn(len(actions))
            at_random = self._rng.random(len(actions)) < self._epsilon
            actions = np.where(at_random.reshape(-1, *(1,) * (uniform.ndim - 1)), uniform, actions)
        return actions

    def _drawn(self, number: int) -> np.ndarray:
        if self._allowed is None:
            return draw(self._space, number, self._rng)
        drawn: np.ndarray = nth_allowed(self._rng.random(number), self._allowed)
        return drawn

    def __getattr__(self, name: str) -> Any:
        return getattr(self._acting, name)


def _seeded(policy: Any, example: gymnasium.Env[Any, Any], seeds: Seeds) -> Any:
    if not isinstance(policy, Agent):
        if not callable(policy) or isinstance(policy, type):
            raise bad_value("record", "policy", policy, "an agent or a function of one observation")
        return _Called(policy, example.action_space, seeds.generator("exploration"))
    acting = copy.copy(policy)
    pair = example.observation_space, example.action_space
    acting.setup(*pair, seeds if not policy.built else policy.seeds)
    # A copy that draws from generators of its own: recording twice gives the same, and training goes on undisturbed.
    drawing = [attribute for attribute, value in vars(acting).items() if isinstance(value, np.random.Generator)]
    for number, attribute in enumerate(sorted(drawing)):
        setattr(acting, attribute, seeds.generator("exploration", number))
    return acting


def _dynamics(acting: Any, found: EnvironmentSource, source: Any, lane: str) -> Dynamics:
    from agents.baselines import Random

    if lane not in ("auto", "host", "compiled"):
        raise bad_value("record", "lane", lane, "'auto', 'host' or 'compiled'")
    if lane == "host":
        return Dynamics(None, "", "it was asked for")
    why = "a function acts in Python" if isinstance(acting, _Called) else reason_against(acting)
    dynamics = find(found, source) if not why or isinstance(acting, Random) else Dynamics(None, "", why)
    if dynamics.counterpart:
        # What a file says was recorded in an environment was recorded in that very one.
        dynamics = Dynamics(None, "", f"its dynamics are those of a counterpart, {dynamics.counterpart}")
    if dynamics.env is None and lane == "compiled":
        raise UsageError(f"record: lane received 'compiled', but {dynamics.reason}. Fix: lane='auto' or 'host'.")
    return dynamics


def _played(player: Any, envs: list[Any], seeds: Seeds, episodes: int, explore: bool) -> dict[str, Any]:
    rows: list[list[tuple[Any, ...]]] = [[] for _ in range(episodes)]
    starts = [seeds.integer("environment", i) for i in range(episodes)]
    # What an agent sees here is scaled as in its training.
    statistics = getattr(player, "wrapper_statistics", {})
    play(player, envs, starts, explore, lambda episode, *step: rows[episode].append(step), statistics)
    ends = [steps[-1] for steps in rows]
    flat = [step for steps in rows for step in steps]
    return {
        "observations": np.array([step[0] for step in flat]),
        "actions": np.array([step[1] for step in flat]),
        "rewards": np.array([step[2] for step in flat], np.float64),
        "terminated": [step[3] for step in ends],
        "truncated": [step[4] for step in ends],
        "lengths": [len(steps) for steps in rows],
        "final_observations": np.array([step[5] for step in ends]),
    }


def _described(policy: Any, explore: bool, epsilon: float) -> str:
    words = policy.name if isinstance(policy, Agent) else getattr(policy, "__name__", type(policy).__name__)
    return words + (" exploring" if explore else "") + (f" with epsilon {epsilon:g}" if epsilon else "")
