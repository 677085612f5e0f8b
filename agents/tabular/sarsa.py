"""SARSA and its forms over n steps: learning from the actions that are taken (Sutton and Barto 2018, chapters 6, 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from agents.tabular.agent import Table, TabularAgent
from agents.tabular.memory.windows import Windows
from agents.tabular.parts.arithmetic import expected, ties
from agents.tabular.parts.exploring import UCB, Exploration, probabilities
from agents.tabular.settings import (
    BEHAVIOUR,
    GREEDY,
    SARSA_BACKUP,
    TREE_BACKUP,
    NStepSARSASettings,
    SARSASettings,
)
from lab.config import Settings

if TYPE_CHECKING:
    import tensorflow as tf


class Form(NamedTuple):
    """What `NStepSARSASettings` say of the rule: see there."""

    n_steps: int
    backup: str
    target_policy: str


class NStepSARSA(TabularAgent):
    """Moves Q(S_t, A_t) towards n rewards and what follows them, step by step as the policy goes on.

    `backup` says what follows: "sarsa" the value of the action taken there, Q(S_{t+n}, A_{t+n}) (Sutton and Barto 2018,
    equation 7.4); "expected" the policy's expected value (equation 7.7); "tree" at each step the expected value, with
    the return in the place of the action taken (equation 7.16), which holds for any policy without importance
    weights. `target_policy` is that policy: the one that explores, or the greedy one, with which the tree is n-step
    Q-learning and "expected" the uncorrected n-step return of DQN variants.

    A truncated episode bootstraps with the expected value, for no action is taken there; a terminated one does not.
    A value is moved once the n steps are known: with "sarsa" a step later, when the action is.
    """

    Settings: ClassVar[type[Settings]] = NStepSARSASettings

    @property
    def form(self) -> Form:
        """Which of its forms the rule has."""
        return Form(self.config.n_steps, self.config.backup, self.config.target_policy)

    def experience(self) -> Windows:
        return Windows(self.form.n_steps)

    def unread_settings(self) -> dict[str, str]:
        found = super().unread_settings()
        return {**found, "target_policy": "backup is sarsa"} if self.form.backup == SARSA_BACKUP else found

    @property
    def window_waits(self) -> bool:
        """Whether the action after the last step must be known."""
        return bool(self.form.backup == SARSA_BACKUP)

    def target(self, exploring: Exploration, values: Any, tried: Any) -> Any:
        """Return the policy that is learnt, of values' shape (..., actions)."""
        if self.form.backup != SARSA_BACKUP and self.form.target_policy == GREEDY:
            return ties(values)
        return probabilities(exploring, values, tried)

    def mixed(self, exploring: Exploration, values: Any, tried: Any, chosen: Any, value: Any) -> Any:
        """Return what a step of a window passes back: sum_a pi(a) Q(a), with `value` for the chosen action's Q.

        Args:
            exploring, values, tried: As of `target`, of one state, (actions,).
            chosen: 1 at the action taken, (actions,).
            value: The return from that action on.
        """
        if self.form.backup != TREE_BACKUP:
            return value
        return expected(self.target(exploring, values, tried), values + chosen * (value - values))

    # ---------------------------------------------------------------- of a window, in TensorFlow and in NumPy

    def window_end(self, table: Table, exploring: Exploration, state: tf.Tensor) -> tf.Tensor:
        """Return what the state after a window is worth, float64 ()."""
        values, tried = self.row_of(table, state)
        return expected(self.target(exploring, values, tried), values)[0]

    def window_mixed(self, table: Table, exploring: Exploration, state: Any, action: Any, value: Any) -> tf.Tensor:
        """Return what `mixed` makes of a step within a window, float64 ()."""
        import tensorflow as tf

        values, tried = self.row_of(table, state)
        chosen = tf.one_hot(action, values.shape[1], dtype=tf.float64)
        return tf.reshape(self.mixed(exploring, values, tried, chosen, value), ())

    def value_of_end(self, state: int) -> float:
        """Do what `window_end` does with the agent's own table."""
        values, exploring = self.q_table[state], self.exploring
        return float(expected(self.target(exploring, values, self._tried(state)), values))

    def window_mixed_at(self, state: int, action: int, value: float) -> float:
        """Do what `window_mixed` does with the agent's own table."""
        if self.form.backup != TREE_BACKUP:
            return value
        values = self.q_table[state]
        chosen = (np.arange(len(values)) == action).astype(np.float64)
        return float(self.mixed(self.exploring, values, self._tried(state), chosen, value))

    def _tried(self, state: int) -> Any:
        return self.tried[state] if self.config.exploration == UCB else ()


class SARSA(NStepSARSA):
    """Learns what its own exploring policy is worth, from the action it takes next.

    Q(S, A) += alpha (R + discount Q(S', A') - Q(S, A)): Rummery and Niranjan 1994; Sutton and Barto 2018, equation 6.7.
    """

    Settings: ClassVar[type[Settings]] = SARSASettings

    def unread_settings(self) -> dict[str, str]:
        return TabularAgent.unread_settings(self)

    @property
    def form(self) -> Form:
        return Form(1, SARSA_BACKUP, BEHAVIOUR)
