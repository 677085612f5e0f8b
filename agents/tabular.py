"""Tabular Q-learning (Watkins and Dayan 1992)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from gymnasium.spaces import Box, Discrete, MultiDiscrete, Tuple

from agents.base import Agent, Transition
from agents.exploration import linear
from lab.config import Settings, setting
from lab.errors import UsageError


@dataclasses.dataclass(frozen=True)
class QLearningSettings(Settings):
    """Settings of `QLearning`; all intervals are environment steps, summed over environments."""

    discount: float = setting(0.99, "discount factor", at_least=0, at_most=1)
    learning_rate: float = setting(1.0, "step size at step 0, before the visits' exponent", above=0, at_most=1)
    learning_rate_end: float = setting(1.0, "step size after learning_rate_steps", above=0, at_most=1)
    learning_rate_steps: int = setting(1, "environment steps over which the step size changes", at_least=1)
    visit_exponent: float = setting(0.8, "w in step size / visits(s, a)^w; 0 for none", at_least=0, at_most=1)
    epsilon_start: float = setting(1.0, "probability of a uniform action at step 0", at_least=0, at_most=1)
    epsilon_end: float = setting(0.1, "probability of a uniform action after epsilon_steps", at_least=0, at_most=1)
    epsilon_steps: int = setting(100_000, "environment steps over which epsilon falls", at_least=1)
    epsilon_evaluation: float = setting(0.0, "probability of a uniform action when judged", at_least=0, at_most=1)
    initial_value: float = setting(0.0, "value of every state-action pair at first; high values explore")


class QLearning(Agent):
    """Learns a table of action values from each transition; ties are broken at random.

    Q(s, a) += alpha (r + discount (1 - terminated) max_a' Q(s', a') - Q(s, a)), with the step size
    alpha = step size / visits(s, a)^visit_exponent (Even-Dar and Mansour 2003, "Learning Rates for Q-learning").
    A truncated episode bootstraps; only a terminated one ends the return.

    Observations are Discrete, MultiDiscrete or a Tuple of Discrete; a Box goes through `envs.DiscretizeObservation`.
    """

    Settings: ClassVar[type[Settings]] = QLearningSettings
    default_steps: ClassVar[int] = 300_000
    default_log_every: ClassVar[int] = 3_000
    not_state = ("sizes", "starts")

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
        space = self.observation_space
        parts = list(space.spaces) if isinstance(space, Tuple) else [space]
        self.sizes = np.concatenate([np.ravel(p.nvec if isinstance(p, MultiDiscrete) else p.n) for p in parts])  # type: ignore[attr-defined]
        self.starts = np.concatenate([np.ravel(p.start) for p in parts])  # type: ignore[attr-defined]
        states = int(np.prod(self.sizes))
        actions = int(self.action_space.n)  # type: ignore[attr-defined]
        self.q_table = np.full((states, actions), self.config.initial_value)
        self.visits = np.zeros((states, actions), np.int64)
        self.rng = self.seeds.generator("exploration")
        self.steps = 0
        self.td_error_sum, self.td_error_count = 0.0, 0

    def states(self, observations: np.ndarray) -> np.ndarray:
        """Return the table's row of each observation, int64 (n,)."""
        if len(self.sizes) == 1 and not self.starts[0]:
            return observations.reshape(len(observations))
        return np.ravel_multi_index(tuple((observations.reshape(len(observations), -1) - self.starts).T), self.sizes)

    def act_batch(self, observations: np.ndarray, explore: bool = False) -> np.ndarray:
        rng = self.rng if explore else self.evaluation_rng
        epsilon = self.epsilon if explore else self.config.epsilon_evaluation
        return np.array([self._choose(self.q_table[s], epsilon, rng) for s in self.states(observations).tolist()])

    def _choose(self, values: np.ndarray, epsilon: float, rng: np.random.Generator) -> int:
        if epsilon > 0.0 and rng.random() < epsilon:
            return int(rng.random() * len(values))
        best = (values == values.max()).nonzero()[0]
        return int(best[0]) if len(best) == 1 else int(best[int(rng.random() * len(best))])

    def observe(self, transition: Transition) -> None:
        t = transition
        states, following = self.states(t.observation).tolist(), self.states(t.next_observation).tolist()
        rows = zip(states, t.action.tolist(), t.reward.tolist(), t.terminated.tolist(), following, strict=True)
        for state, action, reward, terminated, after in rows:
            error = self.td_error(state, action, reward, terminated, after)
            self.visits[state, action] += 1
            self.q_table[state, action] += self.step_size(state, action) * error
            self.td_error_sum += abs(error)
        self.steps += len(states)
        self.td_error_count += len(states)

    def td_error(self, state: int, action: int, reward: float, terminated: bool, following: int) -> float:
        """Return r + discount (1 - terminated) max Q(s', .) - Q(s, a); a variant overrides it."""
        after = 0.0 if terminated else self.config.discount * float(self.q_table[following].max())
        return reward + after - float(self.q_table[state, action])

    def step_size(self, state: int, action: int) -> float:
        """Return alpha for the present visit of a state-action pair."""
        c = self.config
        alpha = linear(self.steps, c.learning_rate, c.learning_rate_end, c.learning_rate_steps)
        return alpha / float(self.visits[state, action]) ** c.visit_exponent if c.visit_exponent else alpha

    @property
    def epsilon(self) -> float:
        """The probability of a uniform action now."""
        return linear(self.steps, self.config.epsilon_start, self.config.epsilon_end, self.config.epsilon_steps)

    def gauges(self) -> dict[str, float]:
        mean = self.td_error_sum / max(1, self.td_error_count)
        self.td_error_sum, self.td_error_count = 0.0, 0
        return {"td_error": mean, "epsilon": self.epsilon}

    def action_values(self, observations: np.ndarray) -> np.ndarray:
        return self.q_table[self.states(observations)]

    def update(self) -> Mapping[str, float] | None:
        return None
