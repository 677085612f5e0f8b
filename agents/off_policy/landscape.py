"""What an off-policy actor-critic expects and would do, for the figure of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from agents.playing.landscape import Landscapes


class OffPolicyLandscape(Landscapes):
    """Gives the least of the critics' values of what the actor would do without exploring, and that."""

    # Of the agent.
    ensemble: Any
    features: Any
    greedy: Any
    kind: Any
    rows: Any
    state: Any

    def state_values(self, observed: np.ndarray) -> np.ndarray:
        p, features = self.state().parameters, self.features(tf.constant(observed))
        rows = self.rows(p.actor, features)
        inputs = tf.concat([features, self.kind.taken(self.greedy(rows))], axis=-1)
        least = tf.reduce_min(self.kind.values(self.ensemble(p.critics, inputs, p.statistics)), axis=0)
        # Of each Discrete action: what the policy expects of them.
        whole = least if len(least.shape) == 1 else self.kind.expected(least, tf.nn.log_softmax(rows))
        found: np.ndarray = whole.numpy()
        return found

    def preferences(self, observed: np.ndarray) -> Mapping[str, np.ndarray]:
        rows = self.rows(self.state().parameters.actor, self.features(tf.constant(observed)))
        found: Mapping[str, np.ndarray] = self.policy_head.preferences(rows)
        return found

    @property
    def policy_head(self) -> Any:
        """What makes actions of the actor's outputs (hook)."""
        return self.kind.head
