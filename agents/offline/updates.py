"""Runs an offline agent's updates, many in one compiled call."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from agents.offline.agent import OfflineAgent
from lab.errors import bad_value


class Updates:
    """Compiles `OfflineAgent.update_on` in a loop over batches.

    One call always takes the same shapes and a count of the updates to make, so that it is traced once and each
    update is the same computation however training is cut into calls.

    Args:
        agent: A built agent.
        compiled: Whether many updates run in one call, or each in its own.
    """

    def __init__(self, agent: OfflineAgent, compiled: bool) -> None:
        self.agent = agent
        self.most = agent.updates_per_call if compiled else 1
        self.names: tuple[str, ...] = ()
        self.traces = 0
        self.step: Any = self._step
        if agent.compile is not None:
            # AutoGraph serves the agent's own code; through ours it would only blur error messages.
            update = tf.function(agent.update_on)
            xla = agent.compile == "xla"
            self.step = tf.function(lambda batch: self._step(batch, update), jit_compile=xla, autograph=False)
        self.call = tf.function(self._call, jit_compile=agent.compile == "xla", autograph=False) if compiled else None

    def run(self, batches: list[Any]) -> np.ndarray:
        """Make an update on each batch.

        Args:
            batches: At most `most` NamedTuples of arrays.

        Returns:
            float64 (n, len(names)), the metrics of each update.
        """
        if self.call is None:
            return np.stack([self.step(_tensors(batch)).numpy() for batch in batches]).astype(np.float64)
        # Rows past the count are never looked at.
        padded = batches + batches[:1] * (self.most - len(batches))
        stacked = tf.nest.map_structure(lambda *parts: tf.constant(np.stack(parts)), *padded)
        return self.call(stacked, tf.constant(len(batches))).numpy()[: len(batches)].astype(np.float64)

    def _call(self, batches: Any, count: tf.Tensor) -> tf.Tensor:
        # Traced on its own first, because the loop must know how many metrics there are.
        one = self.step.get_concrete_function(
            tf.nest.map_structure(lambda t: tf.TensorSpec(t.shape[1:], t.dtype), batches)
        )
        rows = tf.zeros((self.most, len(self.names)))

        def body(i: tf.Tensor, rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            metrics = one(*tf.nest.flatten(tf.nest.map_structure(lambda t: t[i], batches)))
            return i + 1, tf.tensor_scatter_nd_update(rows, [[i]], [metrics])

        # One at a time: an update reads the variables that the one before has written.
        return tf.while_loop(lambda i, _: i < count, body, (tf.constant(0), rows), parallel_iterations=1)[1]

    def _step(self, batch: Any, update: Any = None) -> tf.Tensor:
        self.traces += 1
        metrics = dict((update or self.agent.update_on)(batch))
        owner = f"{type(self.agent).__name__}.update_on"
        if not metrics:
            raise bad_value(owner, "metrics", "none", "at least one, such as the loss")
        for name, value in metrics.items():
            if tf.convert_to_tensor(value).shape.rank != 0:
                raise bad_value(owner, f"metric {name!r} of shape", tuple(value.shape), "()", "tf.reduce_mean(...)")
        self.names = tuple(metrics)
        return tf.stack([tf.cast(value, tf.float32) for value in metrics.values()])


def _tensors(batch: Any) -> Any:
    return tf.nest.map_structure(tf.constant, batch)
