"""Runs a learner's updates, many in one compiled call."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from lab.errors import bad_value


class UpdateLoop(ABC):
    """Compiles an update in a loop; a subclass says what the update is made of.

    One call always takes the same shapes and a count of the updates to make, so that it is traced once and each
    update is the same computation however training is cut into calls.

    Args:
        owner: The update's name, for messages.
        update: From a batch to scalar metrics.
        compile: How updates run: "graph", "xla", or None for Python.
        per_call: The most updates in one compiled call.
        compiled: Whether many updates run in one call, or each in its own.

    Attributes:
        most: The most updates of one `run_stacked`.
        names: Of the metrics; known from the first update on.
        traces: How often the update has been traced, or has run as Python.
    """

    def __init__(
        self,
        owner: str,
        update: Callable[[Any], Mapping[str, tf.Tensor]],
        compile: str | None,
        per_call: int,
        compiled: bool,
    ) -> None:
        self.owner = owner
        self.most = per_call if compiled else 1
        self.names: tuple[str, ...] = ()
        self.traces = 0
        self.update: Any = update
        self.step: Any = self._step
        self.call: Any = None
        if compile is not None:
            # AutoGraph serves the user's own code; through ours it would only blur error messages.
            xla = compile == "xla"
            self.update = tf.function(update)
            self.step = tf.function(self._step, jit_compile=xla and not compiled, autograph=False)
            self.call = tf.function(self._call, jit_compile=xla, autograph=False) if compiled else None

    @abstractmethod
    def batch(self, *inputs: Any) -> Any:
        """Return the batch that an update learns from, in TensorFlow operations over the update's inputs."""

    def run_stacked(self, inputs: tuple[Any, ...], count: int) -> np.ndarray:
        """Make updates in one compiled call.

        Args:
            inputs: Nested arrays (most, ...): those of each update; what follows the first `count` is never looked at.
            count: How many to make.

        Returns:
            float64 (count, len(names)), the metrics of each update.
        """
        stacked = tf.nest.map_structure(tf.constant, inputs)
        return self.call(stacked, tf.constant(count)).numpy()[:count].astype(np.float64)

    def run_each(self, inputs: list[tuple[Any, ...]]) -> np.ndarray:
        """Make updates in a call each; see `run_stacked`."""
        rows = [self.step(*tf.nest.map_structure(tf.constant, one)).numpy() for one in inputs]
        return np.stack(rows).astype(np.float64)

    def _call(self, inputs: tuple[Any, ...], count: tf.Tensor) -> tf.Tensor:
        # Traced on its own first, because the loop must know how many metrics there are.
        specs = tf.nest.map_structure(lambda t: tf.TensorSpec(t.shape[1:], t.dtype), inputs)
        one = self.step.get_concrete_function(*specs)
        rows = tf.zeros((self.most, len(self.names)))

        def body(i: tf.Tensor, rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            metrics = one(*(t[i] for t in tf.nest.flatten(inputs)))
            return i + 1, tf.tensor_scatter_nd_update(rows, [[i]], [metrics])

        # One at a time: an update reads the variables that the one before has written.
        return tf.while_loop(lambda i, _: i < count, body, (tf.constant(0), rows), parallel_iterations=1)[1]

    def _step(self, *inputs: Any) -> tf.Tensor:
        self.traces += 1
        metrics = dict(self.update(self.batch(*inputs)))
        if not metrics:
            raise bad_value(self.owner, "metrics", "none", "at least one, such as the loss")
        for name, value in metrics.items():
            if tf.convert_to_tensor(value).shape.rank != 0:
                shape = tuple(value.shape)
                raise bad_value(self.owner, f"metric {name!r} of shape", shape, "()", "tf.reduce_mean(...)")
        self.names = tuple(metrics)
        return tf.stack([tf.cast(value, tf.float32) for value in metrics.values()])
