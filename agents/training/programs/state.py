"""What compiled training and evaluation carry from step to step."""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf

from agents.functional.state import AgentState
from envs.tensor import Carry


class Statistics(NamedTuple):
    """What has been gathered since the last row of the log.

    Attributes:
        episodes: Episodes ended, float64 ().
        returns, lengths: Their sums, float64 ().
        rounds: Rounds of updates, float64 ().
        metrics: Each metric's sum over the rounds, float64 (M,).
    """

    episodes: tf.Tensor
    returns: tf.Tensor
    lengths: tf.Tensor
    rounds: tf.Tensor
    metrics: tf.Tensor


class LaneState(NamedTuple):
    """All that a compiled training run carries.

    Attributes:
        carry: The environments.
        returns, lengths: float32 (n,), of the present episodes.
        agent: The agent's state; its steps are the run's.
        memory: Past transitions.
        key: uint32 (2,), of the agent's random numbers.
        finite: bool (), whether every metric so far was.
        statistics: Since the last row of the log.
        hidden: What the agent remembers of the present episodes, by name, (n, ...).
        stuck: int64 (), the step before which a mask allowed no action, or -1; () without masks.
    """

    carry: Carry
    returns: tf.Tensor
    lengths: tf.Tensor
    agent: AgentState
    memory: Any
    key: tf.Tensor
    finite: tf.Tensor
    statistics: Statistics
    hidden: dict[str, tf.Tensor]
    stuck: Any = ()

    @property
    def count(self) -> tf.Tensor:
        """Steps of all environments together, int64 ()."""
        return self.agent.steps


class Played(NamedTuple):
    """How far an evaluation has come.

    Attributes:
        step: int32 (), steps taken.
        carry: The environments.
        going: bool (n,), whose episodes have not ended.
        returns, lengths: float32 (n,), so far.
        hidden: What the agent remembers of them, by name, (n, ...).
    """

    step: tf.Tensor
    carry: Carry
    going: tf.Tensor
    returns: tf.Tensor
    lengths: tf.Tensor
    hidden: dict[str, tf.Tensor]
