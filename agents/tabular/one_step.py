"""Rules that learn from one transition alone, in any order: they differ in what the next state is worth."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from agents.functional import AgentState, Learnt
from agents.tabular.agent import Table, TabularAgent
from agents.tabular.memory.blocks import Blocks
from agents.tabular.parts.exploring import UCB, Exploration
from agents.tabular.settings import ReplayedSettings
from agents.transitions import Batch
from lab.config import Settings

if TYPE_CHECKING:
    import tensorflow as tf


class OneStep(TabularAgent):
    """Moves Q(s, a) by alpha (r + discount (1 - terminated) v(s') - Q(s, a)); a subclass says what v is: `following`.

    A truncated episode bootstraps; only a terminated one ends the return. alpha falls in a line, or with the visits as
    step size / visits(s, a)^w (Even-Dar and Mansour 2003, "Learning Rates for Q-learning"). Past transitions may be
    replayed (Lin 1992), so that what is learnt near a goal also reaches states that the greedy policy no longer visits.

    A variant overrides `following`, `td_error` or `step_size`, which take arrays and tensors alike.
    """

    Settings: ClassVar[type[Settings]] = ReplayedSettings

    def experience(self) -> Blocks:
        c = self.config
        return Blocks(c.replay_capacity, c.replay_updates, len(self.q_table))

    def unread_settings(self) -> dict[str, str]:
        found = super().unread_settings()
        return found if self.config.replay_updates else {**found, "replay_capacity": "replay_updates is 0"}

    @abstractmethod
    def following(self, exploring: Exploration, values: Any, tried: Any) -> Any:
        """Return what a state is worth, of the row of its values.

        Args:
            exploring: How the agent explores now.
            values: Q(s', .), float64 (..., actions).
            tried: How often each action was taken there, int64 (..., actions); read by UCB alone.
        """

    def learn(self, state: AgentState, batch: Batch, key: tf.Tensor) -> Learnt:
        """Learn from rows one after the other, since a batch may hold the same state twice.

        Its rewards and discounts are float64, its observations numbers of states, int32 (B,).
        """
        import tensorflow as tf
        from tensorflow.compiler.tf2xla.python import xla

        b, alpha, exploring = batch, self.rate_in(state), self.exploring_in(state)
        number = b.reward.shape[0]

        def one(i: tf.Tensor, table: Table, errors: tf.Tensor) -> tuple[Any, ...]:
            row = [b.observation[i], b.action[i], b.reward[i], b.discount[i], b.next_observation[i]]
            table, error = self.learn_row(table, row, alpha, exploring, key, i)
            return i + 1, table, xla.dynamic_update_slice(errors, error[0], [i])

        start = (tf.zeros((), tf.int32), state.parameters, tf.zeros(number, tf.float64))
        _, table, errors = tf.while_loop(lambda i, *_: i < number, one, start)
        return Learnt(table, {"td_error": tf.reduce_mean(tf.abs(errors))}, errors)

    def learn_row(
        self, table: Table, row: list[Any], alpha: Any, exploring: Exploration, key: Any, place: Any
    ) -> tuple[Table, tf.Tensor]:
        """Return the table after one row, and its error (1, 1): state, action, reward, discount, next state."""
        state, action, reward, discount, after = row
        value = self.following(exploring, *self.row_of(table, after))[0]
        return self.moved(table, [state, action], alpha, reward, discount, value)

    def learn_rows(self, *columns: np.ndarray) -> None:
        """Learn from rows in NumPy, in order, since a batch may hold the same state twice.

        Args:
            columns: States, actions, rewards, what is left of the discount, next states, (B,) each.
        """
        discount, exploring, following, table = self.config.discount, self.exploring, self.following, self.q_table
        tried = self.tried if exploring.way == UCB else None
        rows = (
            (s, a, r, discount * going, float(following(exploring, table[n], () if tried is None else tried[n])))
            for s, a, r, going, n in zip(*(c.tolist() for c in columns), strict=True)
        )
        self.moves(rows, self.learning_rate)
