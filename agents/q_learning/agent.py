"""Tabular Q-learning (Watkins and Dayan 1992)."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from gymnasium.spaces import Box, Discrete, MultiDiscrete, Tuple

from agents.base import Agent, Transition
from agents.parts.exploration import linear
from agents.q_learning.compiled import BLOCK, CompiledQLearning
from agents.replay.host import Replay
from lab.config import Settings, setting
from lab.errors import UsageError

# Values and visits of a table take 16 bytes a pair: 8 GiB.
MOST_VALUES = 1 << 29


@dataclasses.dataclass(frozen=True)
class QLearningSettings(Settings):
    """Settings of `QLearning`; all intervals are environment steps, summed over environments."""

    discount: float = setting(0.99, "discount factor", at_least=0, at_most=1)
    learning_rate: float = setting(1.0, "step size at step 0, before the visits' exponent", above=0, at_most=1)
    learning_rate_end: float = setting(0.01, "step size after learning_rate_steps", above=0, at_most=1)
    learning_rate_steps: int | None = setting(
        None, "environment steps over which the step size falls; none for the first 0.75 of the run", at_least=1,
        of_run=0.75,
    )  # fmt: skip
    visit_exponent: float = setting(0.0, "w in step size / visits(s, a)^w; 0 for none", at_least=0, at_most=1)
    replay_updates: int = setting(4, "further updates a step from past transitions; 0 for none", at_least=0)
    replay_capacity: int = setting(100_000, "past transitions kept", at_least=1)
    epsilon_start: float = setting(1.0, "probability of a uniform action at step 0", at_least=0, at_most=1)
    epsilon_end: float = setting(0.2, "probability of a uniform action after epsilon_steps", at_least=0, at_most=1)
    epsilon_steps: int | None = setting(
        None, "environment steps over which epsilon falls; none for the first half of the run", at_least=1, of_run=0.5
    )
    epsilon_evaluation: float = setting(0.0, "probability of a uniform action when judged", at_least=0, at_most=1)
    initial_value: float = setting(0.0, "value of every state-action pair at first; high values explore")


class QLearning(CompiledQLearning, Agent):
    """Learns a table of action values from each transition; ties are broken at random.

    Q(s, a) += alpha (r + discount (1 - terminated) max_a' Q(s', a') - Q(s, a)). A truncated episode bootstraps; only
    a terminated one ends the return. alpha falls in a line, or with the visits as step size / visits(s, a)^w (Even-Dar
    and Mansour 2003, "Learning Rates for Q-learning"). Past transitions are replayed (Lin 1992), so that what is
    learnt near a goal also reaches states that the greedy policy no longer visits; `replay_updates=0` is the plain
    algorithm.

    A variant overrides `td_error` or `step_size`, and trains in the host lane: the compiled one has its own form of
    the rule.

    Observations are Discrete, MultiDiscrete or a Tuple of Discrete; a Box goes through `envs.DiscretizeObservation`.
    """

    Settings: ClassVar[type[Settings]] = QLearningSettings
    default_steps: ClassVar[int] = 200_000
    default_log_every: ClassVar[int] = 2_000
    training_state: ClassVar[tuple[str, ...]] = ("replay",)
    counters: tuple[str, ...] = ("steps", "replayed")
    not_state: tuple[str, ...] = ("sizes", "starts", "ring", "rate_steps", "epsilon_steps")

    def check_spaces(self) -> None:
        if not isinstance(self.action_space, Discrete):
            raise UsageError(
                f"QLearning received the action space {self.action_space}; expected Discrete. "
                "Fix: discretise the actions, for example with gymnasium.wrappers.DiscretizeAction."
            )
        space = self.observation_space
        if isinstance(space, Box):
            raise UsageError(
                f"QLearning received the observation space {space}; expected Discrete or MultiDiscrete. "
                "Fix: Experiment(QLearning(), lambda: envs.DiscretizeObservation(gymnasium.make(...), bins=10))."
            )
        if not isinstance(space, (Discrete, MultiDiscrete)) and not isinstance(space, Tuple):
            raise UsageError(f"QLearning received the observation space {space}; expected Discrete or MultiDiscrete.")

    def build(self) -> None:
        space: Any = self.observation_space
        parts: list[Any] = list(space.spaces) if isinstance(space, Tuple) else [space]
        self.sizes = np.concatenate([np.ravel(p.nvec if isinstance(p, MultiDiscrete) else p.n) for p in parts])
        self.starts = np.concatenate([np.ravel(p.start) for p in parts])
        states, actions = math.prod(self.sizes.tolist()), int(self.action_space.n)  # type: ignore[attr-defined]
        most = self.most_numbers or MOST_VALUES
        if states * actions > most:
            raise UsageError(
                f"QLearning received {states:,} states and {actions:,} actions; expected a table of at most {most:,} "
                "values. Fix: coarser observations, such as envs.DiscretizeObservation(..., bins=10), or DQN."
            )
        self.q_table = np.full((states, actions), self.config.initial_value)
        self.visits = np.zeros((states, actions), np.int64)
        self.rng = self.seeds.generator("exploration")
        self.replay = Replay(self.config.replay_capacity, (), np.dtype(np.int64), self.seeds.generator("replay"))
        self.steps = 0
        self.replayed = 0
        self.apply_schedules()
        self.td_error_sum, self.td_error_count = 0.0, 0

    def unread_settings(self) -> dict[str, str]:
        c, unread = self.config, {}
        if not c.replay_updates:
            unread["replay_capacity"] = "replay_updates is 0"
        if c.epsilon_start == c.epsilon_end:
            unread["epsilon_steps"] = "epsilon_start and epsilon_end are equal"
        if c.learning_rate == c.learning_rate_end:
            unread["learning_rate_steps"] = "learning_rate and learning_rate_end are equal"
        return unread

    def apply_schedules(self) -> None:
        # Kept: the step size is asked for at every transition.
        self.rate_steps, self.epsilon_steps = self.scheduled("learning_rate_steps"), self.scheduled("epsilon_steps")

    def states(self, observations: np.ndarray) -> np.ndarray:
        """Return the table's row of each observation, int64 (n,)."""
        if len(self.sizes) == 1 and not self.starts[0]:
            return observations.reshape(len(observations))
        return np.ravel_multi_index(tuple((observations.reshape(len(observations), -1) - self.starts).T), self.sizes)

    def act_batch(self, observations: np.ndarray, explore: bool = False) -> np.ndarray:
        rng = self.rng if explore else self.evaluation_rng
        epsilon = self.epsilon if explore else self.config.epsilon_evaluation
        table = self.q_table
        return np.array([self._choose(table[s], epsilon, rng) for s in self.states(observations).tolist()])

    def _choose(self, values: np.ndarray, epsilon: float, rng: np.random.Generator) -> int:
        if epsilon > 0.0 and rng.random() < epsilon:
            return int(rng.random() * len(values))
        best = (values == values.max()).nonzero()[0]
        return int(best[0]) if len(best) == 1 else int(best[int(rng.random() * len(best))])

    def observe(self, transition: Transition) -> None:
        t = transition._replace(
            observation=self.states(transition.observation), next_observation=self.states(transition.next_observation)
        )
        self.steps += len(t.reward)
        self._learn(t.observation, t.action, t.reward, t.terminated, t.next_observation)
        if self.config.replay_updates:
            self.replay.add(t)

    def update(self) -> Mapping[str, float] | None:
        """Replay a block of past transitions when one is due."""
        if self.steps < self.replayed + BLOCK:
            return None
        if self.config.replay_updates:
            past = self.replay.sample((self.steps - self.replayed) * self.config.replay_updates)
            self._learn(past.observation, past.action, past.reward, past.terminated, past.next_observation)
        self.replayed = self.steps
        metrics = {"td_error": self.td_error_sum / self.td_error_count}
        self.td_error_sum, self.td_error_count = 0.0, 0
        return metrics

    def _learn(self, *columns: np.ndarray) -> None:
        # Row by row and in order: a batch may hold the same state twice.
        table, visits = self.q_table, self.visits
        for state, action, reward, terminated, following in zip(*(c.tolist() for c in columns), strict=True):
            error = self.td_error(state, action, reward, terminated, following)
            visits[state, action] += 1
            table[state, action] += self.step_size(state, action) * error
            self.td_error_sum += abs(error)
        self.td_error_count += len(columns[0])

    def td_error(self, state: int, action: int, reward: float, terminated: bool, following: int) -> float:
        """Return r + discount (1 - terminated) max Q(s', .) - Q(s, a); a variant overrides it."""
        after = 0.0 if terminated else self.config.discount * float(self.q_table[following].max())
        return reward + after - float(self.q_table[state, action])

    def step_size(self, state: int, action: int) -> float:
        """Return alpha for the present visit of a state-action pair."""
        c = self.config
        alpha = linear(self.steps, c.learning_rate, c.learning_rate_end, self.rate_steps)
        return alpha / float(self.visits[state, action]) ** c.visit_exponent if c.visit_exponent else alpha

    @property
    def epsilon(self) -> float:
        """The probability of a uniform action now."""
        return linear(self.steps, self.config.epsilon_start, self.config.epsilon_end, self.epsilon_steps)

    def gauges(self) -> dict[str, float]:
        return {"epsilon": self.epsilon}

    def action_values(self, observations: np.ndarray) -> np.ndarray:
        return self.q_table[self.states(observations)]
