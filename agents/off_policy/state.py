"""What an update of an off-policy actor-critic changes, and the pure functions around it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import tensorflow as tf

from lab.training.adam import Moments, adam, flat

T = TypeVar("T")


class Parameters(NamedTuple):
    """What learning changes in an off-policy actor-critic.

    Attributes:
        actor: The policy network's weights, in the order of `trainable_variables`; first, for acting reads them alone.
        critics: Those of all critics, float32 (N, ...) each; see `Ensemble`.
        actor_moments, critic_moments: Adam's.
        actor_target, targets: Weights of the target networks, or () without.
        statistics: Of the critics' batch normalisation, or ().
        temperature: float32 (), the logarithm of the temperature in a tuple with `Moments` of it, or ().
        reports: float32 () each, what the last update of the actor came to.
        state_value: Weights of a network of states' values in a tuple with `Moments` of it, or ().
    """

    actor: Any
    critics: Any
    actor_moments: Moments
    critic_moments: Any
    actor_target: Any = ()
    targets: Any = ()
    statistics: Any = ()
    temperature: Any = ()
    reports: Any = ()
    state_value: Any = ()


def stepped(
    losses: Callable[[Any], tuple[tf.Tensor, T]], weights: Any, moments: Moments, rate: Any, epsilon: Any
) -> tuple[Any, Moments, tf.Tensor, T]:
    """Make one step of Adam down a mean; return weights, moments, that mean before it, and what else was known.

    Args:
        losses: From weights to the loss of each row, (B,), and whatever else is to be known.
        weights: A tuple of tensors.
        moments, rate, epsilon: As for `adam`.
    """
    with tf.GradientTape() as tape:
        tape.watch(weights)
        rows, known = losses(weights)
        loss = tf.reduce_mean(rows)
    weights, moments = adam(weights, flat(tape.gradient(loss, weights)), moments, rate, epsilon)
    return weights, moments, loss, known


def changed_if(due: tf.Tensor, change: Callable[[T], T], before: T) -> T:
    """Return `change(before)` where `due`, bool (), is true, else `before`, nested tensors.

    It is a loop of one turn or none, so that XLA computes nothing where nothing is due.
    """
    once = tf.cast(due, tf.int32)
    start = (tf.zeros((), tf.int32), before)
    after: T = tf.while_loop(lambda i, _: i < once, lambda i, value: (i + 1, change(value)), start)[1]
    return after
