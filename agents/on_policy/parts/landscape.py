"""What an on-policy agent expects and would do, for the figure of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from agents.playing.landscape import Landscapes


class OnPolicyLandscape(Landscapes):
    """Gives the critic's values and what the policy's head prefers."""

    # Of the agent.
    critic: Any
    features: Any
    head: Any
    policy_rows: Any
    state: Any
    value: Any

    def state_values(self, observed: np.ndarray) -> np.ndarray | None:
        if self.critic is None:
            return None
        p = self.state().parameters
        found: np.ndarray = self.value(p.weights, self.features(p.observations, tf.constant(observed))).numpy()
        return found

    def preferences(self, observed: np.ndarray) -> Mapping[str, np.ndarray]:
        found: Mapping[str, np.ndarray] = self.head.preferences(
            self.policy_rows(self.state().parameters, tf.constant(observed))
        )
        return found
