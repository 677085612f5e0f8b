"""Double Q-learning (van Hasselt 2010)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from agents.tabular.agent import Table
from agents.tabular.one_step import OneStep
from agents.tabular.parts.arithmetic import expected, ties
from agents.tabular.parts.exploring import Exploration
from agents.tabular.settings import DoubleQLearningSettings
from lab.config import Settings

if TYPE_CHECKING:
    import tensorflow as tf


class DoubleQLearning(OneStep):
    """Keeps two tables, and lets each value what the other one chooses, so that noise is not taken for value.

    A coin says which table learns: Q1(s, a) += alpha (r + discount Q2(s', argmax_a Q1(s', a)) - Q1(s, a)), or the other
    way round (van Hasselt 2010, algorithm 1; Sutton and Barto 2018, equation 6.10). Ties of the argmax share. The agent
    acts on the mean of both, `q_table`.

    Attributes:
        pair: float64 (2, states, actions).
    """

    Settings: ClassVar[type[Settings]] = DoubleQLearningSettings

    def build_networks(self) -> None:
        super().build_networks()
        self.pair = np.stack([self.q_table, self.q_table])

    @property
    def arrays(self) -> int:
        return super().arrays + 2

    def parameters(self) -> Table:
        return super().parameters()._replace(pair=self.pair)

    def set_parameters(self, parameters: Table) -> None:
        super().set_parameters(parameters)
        self.pair = np.array(parameters.pair)

    def following(self, exploring: Exploration, values: Any, tried: Any) -> Any:
        """Return what the second of two rows has for the choice of the first; values float64 (2, ..., actions)."""
        return expected(ties(values[0]), values[1])

    def learn_row(
        self, table: Table, row: list[Any], alpha: Any, exploring: Exploration, key: Any, place: Any
    ) -> tuple[Table, tf.Tensor]:
        import tensorflow as tf
        from tensorflow.compiler.tf2xla.python import xla

        from envs import random

        state, action, reward, discount, after = row
        first = tf.cast(random.uniform(random.fold_in(key, place)) < 0.5, tf.int32)
        rows = xla.dynamic_slice(table.pair, [tf.constant(0), after, tf.constant(0)], [2, 1, table.values.shape[1]])
        value = self.following(exploring, tf.gather(rows, tf.stack([first, 1 - first])), ())[0]
        # The rule of one table, on the one that the coin chose.
        one, error = self.moved(
            table._replace(values=table.pair[first]), [state, action], alpha, reward, discount, value
        )
        new = xla.dynamic_slice(one.values, [state, action], [1, 1])
        pair = xla.dynamic_update_slice(table.pair, new[None], [first, state, action])
        other = xla.dynamic_slice(table.pair, [1 - first, state, action], [1, 1, 1])
        mean = xla.dynamic_update_slice(table.values, 0.5 * (new + other[0]), [state, action])
        return one._replace(values=mean, pair=pair), error

    def learn_rows(self, *columns: np.ndarray) -> None:
        c, alpha, exploring = self.config, self.learning_rate, self.exploring
        coins = (self.exploration.random(len(columns[0])) < 0.5).astype(int).tolist()
        for first, state, action, reward, going, after in zip(coins, *(c.tolist() for c in columns), strict=True):
            value = float(self.following(exploring, self.pair[[first, 1 - first], after], ()))
            self.moves([(state, action, reward, c.discount * going, value)], alpha, self.pair[first])
            self.q_table[state, action] = self.pair[:, state, action].mean()
