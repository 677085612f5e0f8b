"""What an update of DQN changes, and the pure functions around it."""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf

from lab.training.adam import Moments


class Parameters(NamedTuple):
    """What learning changes in a DQN.

    Attributes:
        online, target: The networks' weights, in the order of `trainable_variables`.
        moments: Adam's.
        averaged: The online network's weights averaged over the updates, or () where greedy play goes by the latest.
        copies: int64 (), copies to the target network so far; () where nothing is copied by environment step.
        observed: What is known of observations, or () where they stay as they are.
        allowed: For `DQN.target_of` and what it calls, which actions are allowed in what follows, bool (B, A); () for
            all.
    """

    online: tuple[tf.Tensor, ...]
    target: tuple[tf.Tensor, ...]
    moments: Moments
    averaged: tuple[tf.Tensor, ...] = ()
    copies: Any = ()
    observed: Any = ()
    allowed: Any = ()


def copied(parameters: Parameters, when: tf.Tensor) -> Parameters:
    """Return parameters whose target network has the online one's weights where `when`, bool (), is true."""
    # A loop of one round or none: XLA then copies weights only when the copy is due.
    online, once = parameters.online, tf.cast(when, tf.int32)
    _, target = tf.while_loop(
        lambda i, _: i < once, lambda i, _: (i + 1, online), (tf.zeros((), tf.int32), parameters.target)
    )
    return parameters._replace(target=target)
