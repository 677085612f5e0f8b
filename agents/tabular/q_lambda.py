"""Q(lambda) with eligibility traces, as Watkins has it."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from agents.tabular.agent import TabularAgent
from agents.tabular.memory.traces import Traces
from agents.tabular.parts.arithmetic import highest
from agents.tabular.settings import QLambdaSettings
from lab.config import Settings


class QLambda(TabularAgent):
    """Learns what the best action is worth, and passes each error on to the pairs that led there.

    Each step e *= discount lambda, e(S, A) += 1 (or = 1), and for all pairs Q += alpha delta e with
    delta = R + discount max_a Q(S', a) - Q(S, A). Traces are cut, e = 0, before an action that was not greedy, because
    what follows it says nothing about the greedy policy (Watkins 1989; Sutton and Barto 2018, section 12.10; replacing
    traces: Singh and Sutton 1996). Of several best actions each is greedy. With `visit_exponent` the step size is that
    of the pair just visited. A truncated episode bootstraps, and its traces end as after a terminated one.

    Each environment has a trace for each pair, and each step moves the whole table: for tables of many rows
    `NStepSARSA(backup="tree", target_policy="greedy")` costs less.
    """

    Settings: ClassVar[type[Settings]] = QLambdaSettings

    @property
    def arrays(self) -> int:
        return super().arrays + self.num_envs

    def experience(self) -> Traces:
        states, actions = self.q_table.shape
        return Traces((states, actions))

    def following(self, values: Any) -> Any:
        """Return what a state is worth, of the row of its values (..., actions)."""
        return highest(values)

    def kept_share(self, discount: Any, decay: float, values: Any, chosen: Any) -> Any:
        """Return how much of the traces lasts when an action is taken: discount lambda, or 0 if it was not greedy.

        Args:
            discount, decay: gamma and lambda.
            values: Q(S, .), (actions,).
            chosen: Q(S, A), ().
        """
        greedy = chosen >= highest(values)
        if isinstance(values, np.ndarray):
            return discount * decay if greedy else 0.0
        import tensorflow as tf

        return tf.where(greedy, discount * decay, tf.zeros((), tf.float64))

    def visited(self, trace: Any) -> Any:
        """Return the trace of the pair that was just visited."""
        return trace * 0.0 + 1.0 if self.config.traces == "replacing" else trace + 1.0
