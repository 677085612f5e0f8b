"""Tabular Q-learning (Watkins and Dayan 1992)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
from gymnasium.spaces import Box, Discrete, MultiDiscrete, Tuple

from agents.functional import AgentState, Choice, FunctionalAgent, Learnt, of_steps
from agents.parts.encoding import rows_of
from agents.parts.exporting import of_observations
from agents.parts.losses import td_target
from agents.parts.masking.masked import each_row, is_given, masked
from agents.parts.schedules import linear
from agents.q_learning.replay import BLOCK, Blocks
from agents.q_learning.settings import QLearningSettings
from agents.transitions import Batch, Transition
from lab.config import Settings
from lab.errors import UsageError
from lab.exporting import Exportable

if TYPE_CHECKING:
    import tensorflow as tf

# Values and visits of a table take 16 bytes a pair: 8 GiB.
MOST_VALUES = 1 << 29


class Table(NamedTuple):
    """What learning changes in a table.

    Attributes:
        values: float64 (states, actions).
        visits: int64 (states, actions).
    """

    values: Any
    visits: Any


class QLearning(FunctionalAgent):
    """Learns a table of action values from each transition; ties are broken at random.

    Q(s, a) += alpha (r + discount (1 - terminated) max_a' Q(s', a') - Q(s, a)). A truncated episode bootstraps; only
    a terminated one ends the return. alpha falls in a line, or with the visits as step size / visits(s, a)^w (Even-Dar
    and Mansour 2003, "Learning Rates for Q-learning"). Past transitions are replayed (Lin 1992), so that what is
    learnt near a goal also reaches states that the greedy policy no longer visits; `replay_updates=0` is the plain
    algorithm.

    A variant overrides `td_error` or `step_size`, which take numbers and tensors alike: in the host lane the rule runs
    in NumPy, where one row of a table costs less than a compiled call.

    Observations are Discrete, MultiDiscrete or a Tuple of Discrete; a Box goes through `envs.DiscretizeObservation`.
    """

    Settings: ClassVar[type[Settings]] = QLearningSettings
    default_steps: ClassVar[int] = 200_000
    default_log_every: ClassVar[int] = 2_000
    metric_names: ClassVar[tuple[str, ...]] = ("td_error",)
    tensor_settings: ClassVar[tuple[str, ...]] = (
        *("discount", "learning_rate", "learning_rate_end", "learning_rate_steps", "epsilon_start", "epsilon_end"),
        *("epsilon_steps", "epsilon_evaluation", "initial_value"),
    )
    settings_dtype: ClassVar[Any] = np.float64
    earlier_names: ClassVar[Mapping[str, str]] = {"replay": "", "rng": "exploration"}
    counters: tuple[str, ...] = ("replayed",)
    not_state: tuple[str, ...] = ("sizes", "starts", "rate_steps", "epsilon_steps")

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

    def build_networks(self) -> None:
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
        self.replayed = 0
        self.td_error_sum, self.td_error_count = 0.0, 0

    def experience(self) -> Blocks:
        c = self.config
        return Blocks(c.replay_capacity, c.replay_updates, len(self.q_table))

    def parameters(self) -> Table:
        return Table(self.q_table, self.visits)

    def set_parameters(self, parameters: Table) -> None:
        self.q_table, self.visits = np.array(parameters.values), np.array(parameters.visits)

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

    # ---------------------------------------------------------------- the rule, for numbers and tensors

    def td_error(self, old: Any, reward: Any, discount: Any, following: Any) -> Any:
        """Return how far a value is from what it should come to; a variant overrides it.

        Args:
            old: Q(s, a).
            reward: r.
            discount: Of what follows: 0 where the task terminated.
            following: max_a' Q(s', a').
        """
        return td_target(reward, discount, following) - old

    def step_size(self, alpha: Any, visits: Any) -> Any:
        """Return the step size of a pair that has been visited so often, of the schedule's alpha."""
        exponent = self.config.visit_exponent
        return alpha / visits**exponent if exponent else alpha

    def states(self, observations: Any) -> Any:
        """Return the table's row of each observation, (n,): int64 of arrays, int32 of tensors."""
        plain = len(self.sizes) == 1 and not self.starts[0]
        if isinstance(observations, np.ndarray):
            rows = observations.reshape(len(observations), -1)
            return rows[:, 0] if plain else np.ravel_multi_index(tuple((rows - self.starts).T), self.sizes)
        import tensorflow as tf

        if plain and isinstance(self.observation_space, Discrete):
            return observations
        strides = np.append(np.cumprod(self.sizes[:0:-1])[::-1], 1).astype(np.int32)
        rows = tf.reshape(tf.cast(observations, tf.int32), (rows_of(observations), int(self.sizes.size)))
        return tf.reduce_sum((rows - self.starts.astype(np.int32)) * strides, axis=-1)

    # ---------------------------------------------------------------- in TensorFlow

    def policy(self, state: AgentState, observations: tf.Tensor, key: tf.Tensor, explore: bool) -> Choice:
        import tensorflow as tf

        from agents.parts.exploration import epsilon_greedy, random_ties
        from envs import random

        c = self.hyperparameters(state)
        epsilon = c.epsilon_evaluation
        if explore:
            epsilon = linear(state.steps, c.epsilon_start, c.epsilon_end, c.epsilon_steps)
        values, allowed = tf.gather(state.parameters.values, self.states(observations)), state.allowed
        draws = tf.cast(random.uniform(key, (3, values.shape[0])), tf.float64)
        greedy = partial(random_ties, masked(values, allowed), draws[2])
        return Choice(epsilon_greedy(draws[:2], values.shape[1], epsilon, greedy, allowed))

    def learn(self, state: AgentState, batch: Batch, key: tf.Tensor) -> Learnt:
        """Learn from rows one after the other, since a batch may hold the same state twice.

        Its rewards and discounts are float64, its observations numbers of states, int32 (B,).
        """
        import tensorflow as tf
        from tensorflow.compiler.tf2xla.python import xla

        c, b = self.hyperparameters(state), batch
        falling = linear(state.steps, c.learning_rate, c.learning_rate_end, c.learning_rate_steps)
        alpha = tf.where(state.learning_rate < 0.0, falling, state.learning_rate)
        number, width = b.reward.shape[0], state.parameters.values.shape[1]

        def one(i: tf.Tensor, table: tf.Tensor, visits: tf.Tensor, errors: tf.Tensor) -> tuple[tf.Tensor, ...]:
            place = [b.observation[i], b.action[i]]
            row = xla.dynamic_slice(table, [b.next_observation[i], tf.constant(0)], [1, width])
            row = masked(row, b.next_action_mask[i : i + 1] if is_given(b.next_action_mask) else ())
            old = xla.dynamic_slice(table, place, [1, 1])
            error = self.td_error(old, b.reward[i], b.discount[i], tf.reduce_max(row))
            seen = xla.dynamic_slice(visits, place, [1, 1]) + 1
            size = self.step_size(alpha, tf.cast(seen, tf.float64))
            table = xla.dynamic_update_slice(table, old + size * error, place)
            errors = xla.dynamic_update_slice(errors, error[0], [i])
            return i + 1, table, xla.dynamic_update_slice(visits, seen, place), errors

        start = (tf.zeros((), tf.int32), *state.parameters, tf.zeros(number, tf.float64))
        _, table, visits, errors = tf.while_loop(lambda i, *_: i < number, one, start)
        return Learnt(Table(table, visits), {"td_error": tf.reduce_mean(tf.abs(errors))}, errors)

    # ---------------------------------------------------------------- in a file

    def export_model(self) -> Exportable:
        """Return the table as a function; in float32, because LiteRT has no float64."""
        import tensorflow as tf

        table = tf.Variable(self.q_table.astype(np.float32), trainable=False)
        return of_observations(
            self.observation_space,
            "values",
            lambda observed: tf.gather(table, self.states(observed)),
            self.action_values,
            not_in_int8="a table has no arithmetic",
        )

    def actions_of(self, outputs: Mapping[str, np.ndarray]) -> np.ndarray:
        rows = zip(outputs["values"], each_row(self.allowed), strict=False)
        return np.array([self._choose(row, 0.0, self.evaluation_rng, mask) for row, mask in rows])

    # ---------------------------------------------------------------- in NumPy

    def act_batch(self, observations: np.ndarray, explore: bool = False) -> np.ndarray:
        rng = self.exploration if explore else self.evaluation_rng
        epsilon = self.epsilon if explore else self.config.epsilon_evaluation
        rows = zip(self.q_table[self.states(observations)], each_row(self.allowed), strict=False)
        return np.array([self._choose(row, epsilon, rng, mask) for row, mask in rows])

    def _choose(
        self, values: np.ndarray, epsilon: float, rng: np.random.Generator, allowed: np.ndarray | None = None
    ) -> int:
        if allowed is not None:
            legal = allowed.nonzero()[0]
            return int(legal[self._choose(values[legal], epsilon, rng)])
        if epsilon > 0.0 and rng.random() < epsilon:
            return int(rng.random() * len(values))
        best = (values == values.max()).nonzero()[0]
        return int(best[0]) if len(best) == 1 else int(best[int(rng.random() * len(best))])

    def observe(self, transition: Transition) -> None:
        t = transition._replace(
            observation=self.states(transition.observation), next_observation=self.states(transition.next_observation)
        )
        self.steps += len(t.reward)
        t = self.with_masks(t)
        self._learn(t.observation, t.action, t.reward, t.discount, t.next_observation, mask=t.next_action_mask)
        if self.config.replay_updates:
            self.memory.add(t)

    def update(self) -> Mapping[str, float] | None:
        """Replay a block of past transitions when one is due."""
        if self.steps < self.replayed + BLOCK:
            return None
        if self.config.replay_updates:
            *columns, mask = self.memory.sample((self.steps - self.replayed) * self.config.replay_updates)
            self._learn(*columns, mask=mask)
        self.replayed = self.steps
        metrics = {"td_error": self.td_error_sum / self.td_error_count}
        self.td_error_sum, self.td_error_count = 0.0, 0
        return metrics

    def _learn(self, *columns: np.ndarray, mask: Any = ()) -> None:
        # Row by row and in order: a batch may hold the same state twice.
        table, visits, c = self.q_table, self.visits, self.config
        alpha = self.learning_rate
        rows = zip(*(c.tolist() for c in columns), strict=True)
        for (state, action, reward, going, following), allowed in zip(rows, each_row(mask), strict=False):
            old, row = float(table[state, action]), table[following]
            best = float(row.max() if allowed is None else row[allowed].max())
            error = self.td_error(old, reward, c.discount * going, best)
            visits[state, action] += 1
            table[state, action] = old + self.step_size(alpha, float(visits[state, action])) * error
            self.td_error_sum += abs(error)
        self.td_error_count += len(columns[0])

    def planned_rate(self) -> float:
        c = self.config
        value: float = linear(self.steps, c.learning_rate, c.learning_rate_end, self.rate_steps)
        return value

    @property
    def epsilon(self) -> float:
        """The probability of a uniform action now."""
        value: float = linear(self.steps, self.config.epsilon_start, self.config.epsilon_end, self.epsilon_steps)
        return value

    @of_steps
    def gauges(self) -> dict[str, float]:
        return {"epsilon": self.epsilon}

    def action_values(self, observations: np.ndarray) -> np.ndarray:
        return self.q_table[self.states(observations)]
