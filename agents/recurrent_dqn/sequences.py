"""Windows of steps as a recurrent value network is given them."""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
import tensorflow as tf

from agents.parts.networks.cells import stepped


class Remembered(NamedTuple):
    """What is remembered after a step: what values are made of.

    Attributes:
        rows: float32 (n, h).
    """

    rows: tf.Tensor

    @property
    def shape(self) -> Any:
        """The shape of the rows."""
        return self.rows.shape


class Sequences(NamedTuple):
    """Windows of W steps whose values are asked for, each begun with what was remembered there.

    Attributes:
        rows: float32 (B, W, d), features of the observations.
        hidden: float32 (B, h), what was remembered before the first.
        begins: float32 (B, W), 1 where an episode begins.
        next_rows: float32 (B, W, d), features of what followed, if its values are asked for; else ().
    """

    rows: tf.Tensor
    hidden: tf.Tensor
    begins: tf.Tensor
    next_rows: Any = ()


def unrolled(cell: keras.Model, weights: list[tf.Tensor], given: Sequences, burn_in: int) -> tf.Tensor:
    """Return what is remembered after each step of windows, or after what followed it, float32 (B * L, h).

    The first steps bring what was stored up to date, under weights that have changed since, and pass on no gradient
    (Kapturowski et al. 2019, "Recurrent Experience Replay in Distributed Reinforcement Learning", section 3). Where an
    episode begins within a window, nothing is remembered.

    Args:
        cell, weights: As for `stepped`.
        given: Of W = burn_in + L steps.
        burn_in: How many.
    """
    number, window, _ = given.rows.shape
    hidden, found = given.hidden, []
    # Written out: the gradient of a loop would keep its steps in lists, which takes longer than the steps do.
    for t in range(window):
        hidden = stepped(cell, weights, given.rows[:, t], hidden * (1.0 - given.begins[:, t, None]))
        if t < burn_in:
            hidden = tf.stop_gradient(hidden)
        else:
            found.append(hidden)
    known = tf.reshape(tf.stack(found, axis=1), (number * (window - burn_in), hidden.shape[-1]))
    if isinstance(given.next_rows, tuple):
        return known
    following = given.next_rows[:, burn_in:]
    return stepped(cell, weights, tf.reshape(following, (known.shape[0], following.shape[-1])), known)
