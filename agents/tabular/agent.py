"""TabularAgent: what all agents with a table of action values share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
from gymnasium.spaces import Discrete

from agents.functional import AgentState, Choice, FunctionalAgent, Learnt
from agents.parts.exploration import epsilon_greedy, tried_action
from agents.parts.exporting import of_observations
from agents.parts.losses import td_target
from agents.parts.masking.masked import each_row, masked
from agents.parts.schedules import linear
from agents.tabular.exploring import Exploring
from agents.tabular.memory.program import BLOCK
from agents.tabular.parts.exploring import EPSILON_GREEDY, UCB, drawn, probabilities
from agents.tabular.parts.figure import Tables
from agents.tabular.parts.rows import Rows
from agents.tabular.settings import TabularSettings
from agents.transitions import Batch, Transition
from lab.config import Settings
from lab.errors import UsageError
from lab.exporting import Exportable

if TYPE_CHECKING:
    import tensorflow as tf

# Values and visits of a table take 16 bytes a pair: 8 GiB.
MOST_VALUES = 1 << 29
WORD = 8


class Table(NamedTuple):
    """What learning changes in a table.

    Attributes:
        values: float64 (states, actions).
        visits: int64 (states, actions), updates.
        tried: int64 (states, actions), how often each action was taken, where exploration counts that; else ().
        pair: float64 (2, states, actions), of double Q-learning, whose mean are the values; else ().
    """

    values: Any
    visits: Any
    tried: Any = ()
    pair: Any = ()


class TabularAgent(Tables, Exploring, FunctionalAgent):
    """Acts by a table of action values, one row an observation; ties are broken at random.

    Observations are Discrete, MultiDiscrete, a Tuple of Discrete, or a Box cut into `bins`. Actions are tried
    epsilon-greedily, by softmax or by upper confidence bounds (`exploration`). A subclass says in `experience` when
    values change, and how: see `agents.tabular.one_step` and `agents.tabular.memory`. In the host lane rules run in
    NumPy, where one row of a table costs less than a compiled call; the formulas, `td_error`, `step_size` and those in
    `agents.tabular.parts`, take arrays and tensors alike and stand once.
    """

    Settings: ClassVar[type[Settings]] = TabularSettings
    default_steps: ClassVar[int] = 200_000
    default_log_every: ClassVar[int] = 2_000
    metric_names: ClassVar[tuple[str, ...]] = ("td_error",)
    tensor_settings: ClassVar[tuple[str, ...]] = (
        *("discount", "learning_rate", "learning_rate_end", "learning_rate_steps", "epsilon_start", "epsilon_end"),
        *("epsilon_steps", "epsilon_evaluation", "initial_value", "temperature_start", "temperature_end"),
        *("temperature_steps", "ucb_scale"),
    )
    settings_dtype: ClassVar[Any] = np.float64
    earlier_names: ClassVar[Mapping[str, str]] = {"replay": "", "rng": "exploration"}
    counters: tuple[str, ...] = ("replayed",)
    not_state: tuple[str, ...] = ("rows",)

    def check_spaces(self) -> None:
        if not isinstance(self.action_space, Discrete):
            raise UsageError(
                f"{type(self).__name__} received the action space {self.action_space}; expected Discrete. "
                "Fix: discretise the actions, for example with gymnasium.wrappers.DiscretizeAction."
            )

    def build_networks(self) -> None:
        c, name = self.config, type(self).__name__
        self.rows = Rows(name, self.observation_space, c.bins, c.bins_low, c.bins_high)
        states, actions = self.rows.count, int(self.action_space.n)  # type: ignore[attr-defined]
        most = (self.most_numbers or MOST_VALUES) * 2 // self.arrays
        if states * actions > most:
            raise UsageError(
                f"{name} received {states:,} states and {actions:,} actions; expected a table of at most {most:,} "
                f"values, and theirs would take {states * actions * self.arrays * WORD / 2**30:,.1f} GiB. "
                "Fix: coarser observations, such as bins=(10,) or envs.DiscretizeObservation(..., bins=10), or DQN."
            )
        self.q_table = np.full((states, actions), c.initial_value)
        self.visits = np.zeros((states, actions), np.int64)
        if c.exploration == UCB:
            self.tried = np.zeros((states, actions), np.int64)
        self.replayed = 0
        self.td_error_sum, self.td_error_count = 0.0, 0

    @property
    def arrays(self) -> int:
        """How many numbers are kept for each state and action."""
        return 2 + (self.config.exploration == UCB)

    def parameters(self) -> Table:
        return Table(self.q_table, self.visits, self.tried if self.config.exploration == UCB else ())

    def set_parameters(self, parameters: Table) -> None:
        self.q_table, self.visits = np.array(parameters.values), np.array(parameters.visits)
        if self.config.exploration == UCB:
            self.tried = np.array(parameters.tried)

    # ---------------------------------------------------------------- the rule, for numbers and tensors

    def td_error(self, old: Any, reward: Any, discount: Any, following: Any) -> Any:
        """Return how far a value is from what it should come to; a variant overrides it.

        Args:
            old: Q(s, a).
            reward: r.
            discount: Of what follows: 0 where the task terminated.
            following: What the next state is worth.
        """
        return td_target(reward, discount, following) - old

    def step_size(self, alpha: Any, visits: Any) -> Any:
        """Return the step size of a pair that has been visited so often, of the schedule's alpha."""
        exponent = self.config.visit_exponent
        return alpha / visits**exponent if exponent else alpha

    def states(self, observations: Any) -> Any:
        """Return the table's row of each observation, (n,): int64 of arrays, int32 of tensors."""
        return self.rows.of(observations)

    # ---------------------------------------------------------------- in TensorFlow

    def rate_in(self, state: AgentState) -> tf.Tensor:
        """Return the step size in a state: what somebody set, else the schedule's."""
        import tensorflow as tf

        c = self.hyperparameters(state)
        falling = linear(state.steps, c.learning_rate, c.learning_rate_end, c.learning_rate_steps)
        return tf.where(state.learning_rate < 0.0, falling, state.learning_rate)

    def policy(self, state: AgentState, observations: tf.Tensor, key: tf.Tensor, explore: bool) -> Choice:
        import tensorflow as tf

        from agents.parts.exploration import random_ties
        from envs import random

        table, places = state.parameters, self.states(observations)
        values, allowed = masked(tf.gather(table.values, places), state.allowed), state.allowed
        draws = tf.cast(random.uniform(key, (3, values.shape[0])), tf.float64)
        exploring = self.exploring_in(state)
        if explore and exploring.way != EPSILON_GREEDY:
            tried = tf.gather(table.tried, places) if exploring.way == UCB else ()
            return Choice(drawn(probabilities(exploring, values, tried, allowed), draws[2]))
        epsilon = exploring.epsilon if explore else self.hyperparameters(state).epsilon_evaluation
        greedy = partial(random_ties, values, draws[2])
        return Choice(epsilon_greedy(draws[:2], values.shape[1], epsilon, greedy, allowed))

    def moved(self, table: Table, place: list[Any], alpha: Any, *target: Any) -> tuple[Table, tf.Tensor]:
        """Return a table in which one value has moved by its step size, and its error, float64 (1, 1).

        Args:
            table: Tensors.
            place: Row and action, int32 () each.
            alpha: The schedule's step size.
            target: reward, discount, following, as of `td_error`, float64 ().
        """
        import tensorflow as tf
        from tensorflow.compiler.tf2xla.python import xla

        old = xla.dynamic_slice(table.values, place, [1, 1])
        error = self.td_error(old, *target)
        seen = xla.dynamic_slice(table.visits, place, [1, 1]) + 1
        size = self.step_size(alpha, tf.cast(seen, tf.float64))
        values = xla.dynamic_update_slice(table.values, old + size * error, place)
        return table._replace(values=values, visits=xla.dynamic_update_slice(table.visits, seen, place)), error

    def row_of(self, table: Table, state: tf.Tensor) -> tuple[Any, Any]:
        """Return the values of a state, float64 (1, actions), and how often its actions were tried, where counted."""
        import tensorflow as tf
        from tensorflow.compiler.tf2xla.python import xla

        place, size = [state, tf.constant(0)], [1, table.values.shape[1]]
        values = xla.dynamic_slice(table.values, place, size)
        return values, xla.dynamic_slice(table.tried, place, size) if tf.is_tensor(table.tried) else ()

    def learn(self, state: AgentState, batch: Batch, key: tf.Tensor) -> Learnt:
        """Raise, for rules that need more than single transitions: their `experience` calls them."""
        raise UsageError(
            f"{type(self).__name__} learns from whole episodes as they go on, not from single transitions."
        )

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
        return np.array([self._choose(values, 0.0, self.evaluation_rng, mask) for values, mask in rows])

    # ---------------------------------------------------------------- in NumPy

    def act_batch(self, observations: np.ndarray, explore: bool = False) -> np.ndarray:
        places = self.states(observations)
        if explore and self.config.exploration != EPSILON_GREEDY:
            tried = self.tried[places] if self.config.exploration == UCB else ()
            values = masked(self.q_table[places], self.allowed)
            shares = probabilities(self.exploring, values, tried, self.allowed)
            return np.asarray(drawn(shares, self.exploration.random(len(places))))
        rng = self.exploration if explore else self.evaluation_rng
        epsilon = self.epsilon if explore else self.config.epsilon_evaluation
        rows = zip(self.q_table[places], each_row(self.allowed), strict=False)
        return np.array([self._choose(values, epsilon, rng, mask) for values, mask in rows])

    def _choose(
        self, values: np.ndarray, epsilon: float, rng: np.random.Generator, allowed: np.ndarray | None = None
    ) -> int:
        if allowed is not None:
            legal = allowed.nonzero()[0]
            return int(legal[self._choose(values[legal], epsilon, rng)])
        tried = tried_action(len(values), epsilon, rng)
        if tried is not None:
            return tried
        best = (values == values.max()).nonzero()[0]
        return int(best[0]) if len(best) == 1 else int(best[int(rng.random() * len(best))])

    def observe(self, transition: Transition) -> None:
        t = transition._replace(
            observation=self.states(transition.observation), next_observation=self.states(transition.next_observation)
        )
        self.steps += len(t.reward)
        if self.config.exploration == UCB:
            np.add.at(self.tried, (t.observation, t.action), 1)
        self.memory.take(self, t)

    def update(self) -> Mapping[str, float] | None:
        """Report what was learnt in a block of steps, once it is over, and learn again where the memory does."""
        if self.steps < self.replayed + BLOCK:
            return None
        self.memory.again(self, self.steps - self.replayed)
        self.replayed = self.steps
        metrics = {"td_error": self.td_error_sum / max(1, self.td_error_count)}
        self.td_error_sum, self.td_error_count = 0.0, 0
        return metrics

    def moves(
        self, rows: Iterable[tuple[int, int, float, float, float]], alpha: float, table: np.ndarray | None = None
    ) -> None:
        """Do what `moved` does for one row after another, in the agent's own table or another one.

        Args:
            rows: State, action, reward, discount, following. A generator sees what the rows before it have changed.
            alpha: The schedule's step size.
            table: float64 (states, actions); None for the agent's.
        """
        values, visits = self.q_table if table is None else table, self.visits
        td_error, step_size = self.td_error, self.step_size
        wrong, count = self.td_error_sum, self.td_error_count
        for state, action, reward, discount, following in rows:
            old = float(values[state, action])
            error = td_error(old, reward, discount, following)
            visits[state, action] = seen = visits[state, action] + 1
            values[state, action] = old + step_size(alpha, float(seen)) * error
            wrong += abs(error)
            count += 1
        self.td_error_sum, self.td_error_count = wrong, count

    def action_values(self, observations: np.ndarray) -> np.ndarray:
        return self.q_table[self.states(observations)]
