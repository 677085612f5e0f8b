"""The state of DQN as explicit tensors, and the pure functions around it."""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf

from agents.replay.program import Ring
from lab.training.adam import Moments
from lab.training.moving_average import kept


class Parameters(NamedTuple):
    """What an update of DQN changes.

    Attributes:
        online, target: The networks' weights, in the order of `trainable_variables`.
        moments: Adam's.
        averaged: The online network's weights averaged over the updates, or () where greedy play goes by the latest.
    """

    online: tuple[tf.Tensor, ...]
    target: tuple[tf.Tensor, ...]
    moments: Moments
    averaged: tuple[tf.Tensor, ...] = ()


class DQNState(NamedTuple):
    """All that the compiled lane carries for a DQN.

    Attributes:
        parameters: Of both networks.
        replay: Past transitions.
        steps: int64 (), environment steps observed.
        next_round: int64 (), the step at which the next round of updates is due.
        copies: int64 (), copies to the target network so far.
        rate: float32 (), a fixed step size, or below 0 while the settings' fall applies.
        knobs: The settings that runs trained together may differ in, float32 ().
    """

    parameters: Parameters
    replay: Ring
    steps: tf.Tensor
    next_round: tf.Tensor
    copies: tf.Tensor
    rate: tf.Tensor
    knobs: dict[str, tf.Tensor]


def assign(variables: Any, values: Any) -> None:
    """Put tensors into variables, pair by pair through nested tuples."""
    for variable, value in zip(tf.nest.flatten(variables), tf.nest.flatten(values), strict=True):
        variable.assign(value)


def copied(parameters: Parameters, when: tf.Tensor) -> Parameters:
    """Return parameters whose target network has the online one's weights where `when`, bool (), is true."""
    # A loop of one round or none: XLA then copies weights only when the copy is due.
    online, once = parameters.online, tf.cast(when, tf.int32)
    _, target = tf.while_loop(
        lambda i, _: i < once, lambda i, _: (i + 1, online), (tf.zeros((), tf.int32), parameters.target)
    )
    return parameters._replace(target=target)


def averaged(parameters: Parameters, decay: Any) -> Parameters:
    """Return parameters whose averaged weights, where there are any, have taken in those of one more update."""
    if not parameters.averaged:
        return parameters
    share = 1.0 - kept(decay, parameters.moments.count - 1.0)
    pairs = zip(parameters.averaged, parameters.online, strict=True)
    return parameters._replace(averaged=tuple(old + share * (new - old) for old, new in pairs))
