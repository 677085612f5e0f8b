"""How an off-policy actor-critic acts in NumPy, where a compiled call would cost more than the whole network."""

from __future__ import annotations

from typing import Any

import numpy as np


class ActsInNumPy:
    """The methods by which an `OffPolicyAgent` acts over a copy of its actor's weights."""

    # Of the agent.
    action_space: Any
    actor: Any
    config: Any
    evaluation_rng: Any
    exploration: Any
    explored_in_numpy: Any
    features: Any
    forward: Any
    greedy_in_numpy: Any
    kind: Any
    rule: Any
    settle: Any
    steps: int

    def act_in_numpy(self, observed: np.ndarray, explore: bool) -> np.ndarray:
        """Choose an action for each row as `policy` does, (n, ...); its draws are of NumPy's generators."""
        rng = self.exploration if explore else self.evaluation_rng
        if explore and self.steps < self.config.learning_starts:
            return self.kind.uniform_in_numpy(len(observed), rng)
        if self.forward.mirror is None:
            return self.rule.choose(observed, rng, explore)[0]
        rows = self.rows_in_numpy(observed)
        return self.explored_in_numpy(rows, rng) if explore else self.greedy_in_numpy(rows)

    def rows_in_numpy(self, observed: np.ndarray) -> np.ndarray:
        """Return the actor's outputs, float32 (n, outputs), for observations (n, ...) as arrays."""
        if self.forward.stale or self.forward.mirror is None:
            self.settle()
        return self.forward(self.features(observed))

    def renew_host_forms(self, parameters: list[np.ndarray] | None) -> None:
        self.forward.renew(parameters)

    @property
    def number_for_host_forms(self) -> int:
        return len(self.actor.trainable_variables)
