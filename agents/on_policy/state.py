"""What an update of an on-policy agent changes."""

from __future__ import annotations

from typing import Any, NamedTuple

from agents.parts.normalising import RunningStatistics
from lab.training.adam import Moments


class Weights(NamedTuple):
    """What gradients change.

    Attributes:
        actor: The policy network's weights, in the order of `trainable_variables`.
        free: float32 (f,), what the policy's head learns beside the network, or ().
        critic: The value network's weights, or ().
        body: Those of what both look through, or ().
    """

    actor: Any
    free: Any
    critic: Any
    body: Any = ()


class Rewards(NamedTuple):
    """By what rewards are scaled.

    Attributes:
        statistics: Of the discounted sums.
        sums: float32 (n,), those of the episodes in progress.
    """

    statistics: RunningStatistics
    sums: Any


class Estimates(NamedTuple):
    """What a rollout says about its actions, all float32 (T, n).

    Attributes:
        advantages: How much better than expected each action went.
        returns: What the values should come to.
        weights: Of the rows in the losses: 0 where nothing can be said.
    """

    advantages: Any
    returns: Any
    weights: Any


class Parameters(NamedTuple):
    """What learning changes in an on-policy agent.

    Attributes:
        weights: What gradients change.
        observations: By what observations are normalised, or ().
        moments: Adam's.
        rewards: By what rewards are scaled, or ().
        halted: float32 (), 1 once a round makes no more updates; () where none is cut short.
    """

    weights: Weights
    observations: Any
    moments: Moments
    rewards: Any = ()
    halted: Any = ()
