"""Pruning: more and more of a network's smallest weights are set to 0 while it trains."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from lab.errors import bad_value
from lab.runs.state import Stateful
from predictors.parts.kernels import Kernel


def sparsity_at(updates: Any, final: float, begin: Any, end: Any) -> tf.Tensor:
    """Return the fraction of weights that are to be 0 after so many updates, float32 ().

    From 0 it grows fast at first and ever more slowly (Zhu and Gupta 2017, "To prune, or not to prune: exploring the
    efficacy of pruning for model compression", equation 1, with an initial sparsity of 0).

    Args:
        updates: Made so far, ().
        final: The fraction at the end.
        begin, end: Updates at which it begins to grow, and is reached, ().
    """
    done, first, last = (tf.cast(v, tf.float32) for v in (updates, begin, end))
    progress = tf.clip_by_value((done - first) / tf.maximum(1.0, last - first), 0.0, 1.0)
    progress = tf.where(done >= last, 1.0, progress)
    return final - final * (1.0 - progress) ** 3


def smallest_left_out(weights: tf.Tensor, fraction: tf.Tensor) -> tf.Tensor:
    """Return which weights stay, booleans of their shape: all but that fraction of them with the least magnitudes.

    Args:
        weights: float32, of any shape. Of equal magnitudes the first ones go.
        fraction: From 0 to 1, (); the number of weights that it means is rounded.
    """
    flat = tf.reshape(tf.abs(weights), [-1])
    count = tf.size(flat)
    gone = tf.cast(tf.round(fraction * tf.cast(count, tf.float32)), tf.int32)
    ranks = tf.math.invert_permutation(tf.argsort(flat, stable=True))
    return tf.reshape(ranks >= gone, tf.shape(weights))


class Pruning(Stateful):
    """Holds a mask for each kernel of a network, and leaves out the same fraction of each (Zhu and Gupta 2017).

    Every `every` updates the masks leave out the smallest weights, until the final sparsity is reached; then they
    stay. What is left out gets no gradient and is 0 from there on. As the least of all magnitudes it is left out next
    time too, so it never comes back; in the paper it keeps its value meanwhile, and might. All kernels are pruned, the
    first and the last layer's too, as in the paper's language models (section 4.3).

    Args:
        kernels: Those that train.
        sparsity: The final fraction of zeros, above 0 and below 1.
        every: Updates from one choice of weights to the next.

    Attributes:
        masks: Booleans of the kernels' shapes, whether a weight is kept.
        reached: The fraction that the masks leave out now, float32 ().
    """

    not_state: tuple[str, ...] = ("variables", "final", "every", "begin", "end")

    def __init__(self, kernels: Sequence[Kernel], sparsity: float, every: int) -> None:
        self.variables = [kernel.variable for kernel in kernels]
        self.final, self.every = sparsity, every
        self.masks = [tf.Variable(tf.ones(v.shape, tf.bool), trainable=False) for v in self.variables]
        self.reached = tf.Variable(0.0, trainable=False)
        self.begin, self.end = (tf.Variable(1, dtype=tf.int32, trainable=False) for _ in range(2))

    def schedule(self, owner: str, begin: int, end: int, known: bool) -> None:
        """Take over between which updates it prunes.

        Args:
            owner: For errors.
            begin, end: Updates.
            known: Whether the run's length, on which they may depend, is known.

        Raises:
            UsageError: When it would end before it begins.
        """
        if begin > end and known:
            fix = f"prune_end={2 * begin}, or a longer run."
            raise bad_value(owner, "prune_begin", begin, f"at most prune_end, which is {end} here", fix)
        self.begin.assign(begin)
        self.end.assign(end)

    def masked(self, gradients: Sequence[Any], variables: Sequence[Any]) -> list[Any]:
        """Return gradients that are 0 where a weight is left out, so that it neither moves nor counts in their norm."""
        masks = {id(variable): mask for variable, mask in zip(self.variables, self.masks, strict=True)}
        return [
            gradient if mask is None or gradient is None else gradient * tf.cast(mask, gradient.dtype)
            for gradient, mask in zip(gradients, (masks.get(id(v)) for v in variables), strict=True)
        ]

    def after_update(self, updates: Any) -> None:
        """Choose the weights to leave out where it is time, and set them to 0.

        Args:
            updates: Made so far, this one among them, ().
        """
        done = tf.cast(updates, tf.int32)
        due = ((done - self.begin) % self.every == 0) | (done == self.end)
        tf.cond(due & (done >= self.begin) & (done <= self.end), lambda: self._choose(done), tf.no_op)
        for variable, mask in zip(self.variables, self.masks, strict=True):
            # Moments of the optimizer from before move it even without a gradient.
            variable.assign(variable * tf.cast(mask, variable.dtype))

    def _choose(self, done: tf.Tensor) -> tf.Operation | None:
        fraction = sparsity_at(done, self.final, self.begin, self.end)
        gone = []
        for variable, mask in zip(self.variables, self.masks, strict=True):
            kept = smallest_left_out(variable * tf.cast(mask, variable.dtype), fraction)
            mask.assign(kept)
            gone.append(tf.reduce_sum(tf.cast(~kept, tf.float32)))
        self.reached.assign(tf.add_n(gone) / float(sum(int(np.prod(v.shape)) for v in self.variables)))
        return tf.no_op()


def fraction_of_zeros(variables: Sequence[Any]) -> float:
    """Return which fraction of the numbers in variables is 0."""
    values = [variable.numpy() for variable in variables]
    return sum(int((v == 0).sum()) for v in values) / sum(v.size for v in values)
