"""Which rows of a replay are learnt from: uniformly, or by how wrong the agent was about them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from agents.replay.trees.prioritised import HostPrioritised
from lab.errors import bad_value

if TYPE_CHECKING:
    import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Uniform:
    """Draws rows uniformly with replacement (Lin 1992; Mnih et al. 2015).

    Attributes:
        wants_errors: Whether it is given how wrong the agent was about the rows drawn.
    """

    wants_errors = False

    def on_host(self, capacity: int) -> HostUniform:
        """Return the sampler of a replay in host memory."""
        return HostUniform()

    def empty(self, capacity: int) -> Any:
        """Return the tensors that it keeps inside a program: none."""
        return ()

    def stored(self, kept: Any) -> Any:
        """Return what checkpoints hold of what it keeps."""
        return kept

    def restored(self, stored: Any, first: tf.Tensor, size: tf.Tensor) -> Any:
        """Return what it keeps, from what `stored` returned; `first` and `size`, int32 (), as for `draw`."""
        return stored

    def added(self, kept: Any, start: tf.Tensor, number: int, first: tf.Tensor, size: tf.Tensor, waiting: int) -> Any:
        """Return what it keeps after rows were written.

        Args:
            kept: Before.
            start: int32 (), where the first of them lies.
            number: How many, side by side.
            first, size: int32 (), the rows that may be drawn from now on, as for `draw`.
            waiting: How many of the newest rows may not be, at most.
        """
        return kept

    def draw(
        self, kept: Any, key: tf.Tensor, number: int, first: tf.Tensor, size: tf.Tensor, progress: Any
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Draw rows inside a program.

        Args:
            kept: As `empty` or `added` returned it.
            key: uint32 (2,).
            number: Rows, B.
            first: int32 (), the oldest row that may be drawn.
            size: int32 (), how many may, counted on from there round the capacity.
            progress: float (), fraction of the run that is over.

        Returns:
            int32 (B,), counted from `first`, and their weights in the loss, float32 (B,).
        """
        import tensorflow as tf

        from envs import random

        def drawn(done: tf.Tensor, _: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            unit = random.uniform(key, (number,))
            return done + 1, tf.minimum(tf.cast(unit * tf.cast(size, tf.float32), tf.int32), size - 1)

        # A loop of one turn, whose end XLA cannot foresee: without it, it would draw a row's number anew for each of
        # the row's columns.
        once = tf.minimum(size, 1)
        start = (tf.zeros_like(once), tf.zeros(number, tf.int32))
        return tf.while_loop(lambda done, _: done < once, drawn, start)[1], tf.ones(number)

    def updated(self, kept: Any, indices: tf.Tensor, errors: tf.Tensor) -> Any:
        """Return what it keeps once the agent was `errors` wrong, float32 (B,), about rows `indices`, int32 (B,)."""
        return kept


class HostUniform:
    """`Uniform` in NumPy; it keeps nothing."""

    def added(self, place: Any) -> None:
        """Take note of rows written at an index."""

    def draw(
        self, shape: tuple[int, ...], first: int, size: int, progress: float, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Return rows, int64 `shape`, counted from `first`, and their weights; None where all weigh 1."""
        return rng.integers(size, size=shape), None

    def updated(self, indices: np.ndarray, errors: np.ndarray) -> None:
        """Take note of how wrong the agent was about rows."""

    def get_state(self) -> dict[str, Any]:
        """Return nothing."""
        return {}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Restore nothing."""


class PrioritisedTensors(NamedTuple):
    """What `Prioritised` keeps inside a program.

    Attributes:
        priorities: p^alpha of each row, float32 (C,), 0 where none lies.
        highest: The highest so far, float32 ().
        sums: Of the priorities of rows that may be drawn; see `agents.replay.trees.program`.
        first, size: int32 (), which rows may be drawn: so many, counted on round the capacity.
    """

    priorities: tf.Tensor
    highest: tf.Tensor
    sums: Any
    first: tf.Tensor
    size: tf.Tensor

    def children(self, groups: tf.Tensor) -> tf.Tensor:
        """Return the priorities of groups of rows, float64 (m, FAN), 0 for those that may not be drawn."""
        import tensorflow as tf

        from agents.replay.trees.program import FAN

        capacity = self.priorities.shape[0]
        rows = groups[:, None] * FAN + tf.range(FAN)
        known = (rows < capacity) & ((rows - self.first) % capacity < self.size)
        return tf.where(known, tf.cast(tf.gather(self.priorities, tf.minimum(rows, capacity - 1)), tf.float64), 0.0)


@dataclasses.dataclass(frozen=True)
class Prioritised:
    """Draws rows by their last error (Schaul et al. 2016, "Prioritized Experience Replay", proportional variant).

    P(i) = p_i^alpha / sum_k p_k^alpha with p = |error| + epsilon (equation 1); new rows have the highest p so far.
    Weights (N P(i))^-beta, over the batch's highest, make up for it (section 3.4); beta rises in a line to 1 over the
    run.

    Args:
        alpha: How much errors count, from 0, which draws uniformly, to 1, in proportion to them.
        beta: At the run's beginning.
        epsilon: Added to errors, so that none is never drawn.
    """

    alpha: float = 0.6
    beta: float = 0.4
    epsilon: float = 1e-6
    wants_errors = True

    def __post_init__(self) -> None:
        # Beyond these float32 holds the powers no longer, and every row weighs NaN or nothing.
        for name, least, most in (("alpha", 0.0, 1.0), ("beta", 0.0, 1.0), ("epsilon", 1e-30, 1e30)):
            value = getattr(self, name)
            number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
            if not (number and least <= value <= most):
                raise bad_value("Prioritised", name, value, f"a number from {least:g} to {most:g}")

    def on_host(self, capacity: int) -> HostPrioritised:
        """Return the sampler of a replay in host memory."""
        return HostPrioritised(self, capacity)

    def empty(self, capacity: int) -> PrioritisedTensors:
        """Return what it keeps of a replay without rows."""
        import tensorflow as tf

        return self.restored((tf.zeros(capacity), tf.ones(())), tf.zeros((), tf.int32), tf.zeros((), tf.int32))

    def stored(self, kept: PrioritisedTensors) -> tuple[tf.Tensor, tf.Tensor]:
        """Return what checkpoints hold, from which the rest follows: priorities, float32 (C,), and the highest, ()."""
        return kept.priorities, kept.highest

    def restored(self, stored: tuple[tf.Tensor, tf.Tensor], first: tf.Tensor, size: tf.Tensor) -> PrioritisedTensors:
        """Return what it keeps, from what `stored` returned.

        Args:
            stored: float32 (C,) and ().
            first, size: int32 (), the rows that may be drawn, as for `draw`.
        """
        from agents.replay.trees import program as tree

        priorities, highest = stored
        kept = PrioritisedTensors(priorities, highest, (), first, size)
        return kept._replace(sums=tree.build(kept.children, priorities.shape[0]))

    def added(
        self,
        kept: PrioritisedTensors,
        start: tf.Tensor,
        number: int,
        first: tf.Tensor,
        size: tf.Tensor,
        waiting: int,
    ) -> PrioritisedTensors:
        """Return what it keeps after rows were written at `start`, int32 (); see `Uniform.added`."""
        import tensorflow as tf
        from tensorflow.compiler.tf2xla.python import xla

        from agents.replay.trees import program as tree

        capacity = kept.priorities.shape[0]
        priorities = xla.dynamic_update_slice(kept.priorities, tf.fill((number,), kept.highest), [start])
        after = kept._replace(priorities=priorities, first=first, size=size)
        # The rows that may be drawn now and could not before lie right before those that were written. A point of each
        # group of leaves that all of these reach into: where they go round the end, the last and the first too.
        changed = [*range(0, number + waiting, tree.FAN), number + waiting - 1]
        rows = (start - waiting + tf.constant(changed, tf.int32)) % capacity
        rows = tf.concat([rows, [0, capacity - 1]], axis=0)
        return after._replace(sums=tree.put(kept.sums, after.children, rows // tree.FAN, capacity))

    def draw(
        self, kept: PrioritisedTensors, key: tf.Tensor, number: int, first: tf.Tensor, size: tf.Tensor, progress: Any
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Draw rows inside a program, int32 (B,), and their weights, float32 (B,); see `Uniform.draw`."""
        import tensorflow as tf

        from agents.replay.trees import program as tree
        from envs import random

        capacity = kept.priorities.shape[0]

        def drawn(done: tf.Tensor, *_: tf.Tensor) -> tuple[tf.Tensor, ...]:
            total = tree.total(kept.sums)
            # One draw from each of B equal parts of the total (appendix B.2.1).
            unit = tf.cast(random.uniform(key, (number,)), tf.float64)
            at = (tf.range(number, dtype=tf.float64) + unit) / number * total
            index = tree.find(kept.sums, kept.children, at, capacity)
            chance = tf.cast(tf.gather(kept.priorities, index), tf.float64) / total
            beta = self.beta + (1.0 - self.beta) * tf.cast(progress, tf.float32)
            weights = tf.pow(tf.cast(tf.cast(size, tf.float64) * chance, tf.float32), -beta)
            return done + 1, (index - first) % capacity, weights / tf.reduce_max(weights)

        # A loop of one turn, whose end XLA cannot foresee: without it, it would read priorities for the weights again
        # once they have changed, and copy all of them before.
        once = tf.minimum(size, 1)
        start = (tf.zeros_like(once), tf.zeros(number, tf.int32), tf.zeros(number))
        _, rows, weights = tf.while_loop(lambda done, *_: done < once, drawn, start)
        return rows, weights

    def updated(self, kept: PrioritisedTensors, indices: tf.Tensor, errors: tf.Tensor) -> PrioritisedTensors:
        """Return what it keeps once the agent was `errors` wrong, float32 (B,), about rows `indices`, int32 (B,)."""
        import tensorflow as tf

        from agents.replay.trees import program as tree

        new = tf.pow(tf.abs(errors) + self.epsilon, self.alpha)
        priorities = tf.tensor_scatter_nd_update(kept.priorities, indices[:, None], new)
        after = kept._replace(priorities=priorities, highest=tf.maximum(kept.highest, tf.reduce_max(new)))
        groups = indices // tree.FAN
        return after._replace(sums=tree.put(kept.sums, after.children, groups, priorities.shape[0]))
