"""Which rows of a replay are learnt from: uniformly, or by how wrong the agent was about them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from lab.errors import CheckpointError, bad_value
from lab.runs.state_checks import check_value

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

    def added(self, kept: Any, start: tf.Tensor, number: int) -> Any:
        """Return what it keeps after rows were written from `start`, int32 (), on."""
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

    def empty(self, capacity: int) -> tuple[tf.Tensor, tf.Tensor]:
        """Return p^alpha of each row, float32 (C,), 0 where none lies, and the highest so far, float32 ()."""
        import tensorflow as tf

        return tf.zeros(capacity), tf.ones(())

    def added(self, kept: Any, start: tf.Tensor, number: int) -> Any:
        """Return what it keeps after rows were written from `start`, int32 (), on."""
        import tensorflow as tf
        from tensorflow.compiler.tf2xla.python import xla

        priorities, highest = kept
        return xla.dynamic_update_slice(priorities, tf.fill((number,), highest), [start]), highest

    def draw(
        self, kept: Any, key: tf.Tensor, number: int, first: tf.Tensor, size: tf.Tensor, progress: Any
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Draw rows inside a program; see `Uniform.draw`."""
        import tensorflow as tf

        from envs import random

        priorities, capacity = kept[0], kept[0].shape[0]
        # Those that may not be drawn now, such as the newest of n-step windows, have a priority of 0.
        behind = (tf.range(capacity) - first) % capacity
        priorities = tf.where(behind < size, priorities, 0.0)
        width = math.isqrt(capacity - 1) + 1
        blocks = tf.reshape(tf.pad(priorities, [[0, width * width - capacity]]), (width, width))
        sums = tf.reduce_sum(blocks, axis=1)
        ends = tf.cumsum(sums)
        total = ends[-1]
        # One draw from each of B equal parts of the total (appendix B.2.1).
        at = (tf.range(number, dtype=tf.float32) + random.uniform(key, (number,))) / number * total
        block = tf.minimum(tf.reduce_sum(tf.cast(ends[None] <= at[:, None], tf.int32), axis=1), width - 1)
        # Rounding may lift the last draw to the total itself, behind the last block that holds anything: without this,
        # a row that was never written would be drawn, and weigh infinitely much.
        block = tf.where(tf.gather(sums, block) > 0.0, block, tf.argmax(sums, output_type=tf.int32))
        rest = at - tf.gather(ends, block) + tf.reduce_sum(tf.gather(blocks, block), axis=1)
        inside = tf.cumsum(tf.gather(blocks, block), axis=1)
        column = tf.reduce_sum(tf.cast(inside <= rest[:, None], tf.int32), axis=1)
        index = tf.minimum(block * width + tf.minimum(column, width - 1), capacity - 1)
        # Rounding may point beside the last row that has a priority: the block's likeliest one is taken then.
        likeliest = block * width + tf.argmax(tf.gather(blocks, block), axis=1, output_type=tf.int32)
        index = tf.where(tf.gather(priorities, index) > 0.0, index, likeliest)
        chance = tf.gather(priorities, index) / total
        beta = self.beta + (1.0 - self.beta) * tf.cast(progress, tf.float32)
        weights = tf.pow(tf.cast(size, tf.float32) * chance, -beta)
        return (index - first) % capacity, weights / tf.reduce_max(weights)

    def updated(self, kept: Any, indices: tf.Tensor, errors: tf.Tensor) -> Any:
        """Return what it keeps once the agent was `errors` wrong, float32 (B,), about rows `indices`, int32 (B,)."""
        import tensorflow as tf

        priorities, highest = kept
        new = tf.pow(tf.abs(errors) + self.epsilon, self.alpha)
        priorities = tf.tensor_scatter_nd_update(priorities, indices[:, None], new)
        return priorities, tf.maximum(highest, tf.reduce_max(new))


class HostPrioritised:
    """`Prioritised` in NumPy. Errors are taken in after each round of updates.

    Args:
        settings: The sampler.
        capacity: Rows of the replay.
    """

    def __init__(self, settings: Prioritised, capacity: int) -> None:
        self.settings = settings
        self.priorities = np.zeros(capacity, np.float32)
        self.highest = 1.0

    def added(self, place: Any) -> None:
        """Take note of rows written at an index."""
        self.priorities[place] = self.highest

    def draw(
        self, shape: tuple[int, ...], first: int, size: int, progress: float, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Return rows, int64 `shape`, counted from `first`, and their weights, float32 `shape`."""
        rolled = self.priorities if first == 0 else np.roll(self.priorities, -first)
        ends = np.cumsum(rolled[:size], dtype=np.float64)
        number = shape[-1]
        at = (np.arange(number) + rng.random(shape)) / number * ends[-1]
        # Below the total itself, which rounding may reach: behind the last row that has a priority others may lie.
        rows = np.searchsorted(ends, np.minimum(at, np.nextafter(ends[-1], 0.0)), side="right")
        beta = self.settings.beta + (1.0 - self.settings.beta) * progress
        weights = np.power(size * rolled[rows] / ends[-1], -beta)
        return rows, (weights / weights.max(axis=-1, keepdims=True)).astype(np.float32)

    def updated(self, indices: np.ndarray, errors: np.ndarray) -> None:
        """Take note of how wrong the agent was, float32, about rows of the same shape."""
        new = np.power(np.abs(errors) + self.settings.epsilon, self.settings.alpha).astype(np.float32)
        self.priorities[indices] = new
        self.highest = max(self.highest, float(new.max()))

    def get_state(self) -> dict[str, Any]:
        """Return the priorities and the highest so far."""
        return {"priorities": self.priorities.copy(), "highest": self.highest}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Restore what `get_state` returned."""
        check_value(self.priorities, state["priorities"], "Prioritised.priorities")
        check_value(self.highest, state["highest"], "Prioritised.highest")
        if not (np.isfinite(state["priorities"]).all() and state["priorities"].min() >= 0):
            raise CheckpointError("the checkpoint's priorities are not finite numbers >= 0.")
        self.priorities[...] = state["priorities"]
        self.highest = float(state["highest"])
