"""Runs an offline agent's updates, many in one compiled call."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from agents.offline.agent import OfflineAgent
from lab.training.update_loop import UpdateLoop


class Updates(UpdateLoop):
    """Compiles `OfflineAgent.update_on` in a loop over batches.

    Args:
        agent: A built agent.
        compiled: Whether many updates run in one call, or each in its own.
    """

    def __init__(self, agent: OfflineAgent, compiled: bool) -> None:
        owner = f"{type(agent).__name__}.update_on"
        super().__init__(owner, agent.update_on, agent.compile, agent.updates_per_call, compiled, agent)

    def run(self, batches: list[Any]) -> np.ndarray:
        """Make an update on each batch.

        Args:
            batches: At most `most` NamedTuples of arrays.

        Returns:
            float64 (n, len(names)), the metrics of each update.
        """
        if self.call is None:
            return self.run_each([(batch,) for batch in batches])
        padded = batches + batches[:1] * (self.most - len(batches))
        stacked = tf.nest.map_structure(lambda *parts: np.stack(parts), *padded)
        return self.run_stacked((stacked,), len(batches))

    def batch(self, fixed: tuple[Any, ...], *inputs: Any) -> Any:
        """Return the batch as it was drawn."""
        return inputs[0]
