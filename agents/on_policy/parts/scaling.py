"""What an on-policy agent learns of the scale of rewards, and brings advantages to."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from agents.on_policy.state import Rewards
from agents.parts.normalising import EPSILON, LIMIT, RunningStatistics, discounted_sums, no_statistics, with_rows
from agents.transitions import Transition
from lab.errors import UsageError


def statistics_variables(shape: tuple[int, ...] = ()) -> RunningStatistics:
    """Return the statistics of nothing, as variables."""
    return RunningStatistics(*(tf.Variable(part, trainable=False) for part in no_statistics(shape)))


def no_rewards(number: int, statistics: RunningStatistics | None = None) -> Rewards:
    """Return, as variables, what is known of rewards before `number` environments have stepped.

    Args:
        number: Of the environments.
        statistics: Of the discounted sums of others; None where there were none.
    """
    sums = tf.Variable(tf.zeros(number), trainable=False)
    return Rewards(statistics_variables() if statistics is None else statistics, sums)


def with_rollout(owner: str, known: Rewards, rollout: Transition, discount: Any) -> Rewards:
    """Return what is known of rewards with a rollout taken in.

    Args:
        owner: Whose, for messages.
        known: So far.
        rollout: Tensors (T, n, ...).
        discount: gamma.

    Raises:
        UsageError: When it is of another number of environments than before.
    """
    number = int(known.sums.shape[0])
    if rollout.reward.shape[1] != number:
        raise UsageError(
            f"{owner} scales the rewards of {number} environments; received {rollout.reward.shape[1]}. "
            f"Fix: num_envs={number}, or a new {owner}()."
        )
    ended = rollout.terminated | rollout.truncated
    sums = discounted_sums(rollout.reward, ended, known.sums, discount)
    statistics = with_rows(known.statistics, tf.reshape(sums, [-1]))
    return Rewards(statistics, sums[-1] * (1.0 - tf.cast(ended[-1], tf.float32)))


def left_off(agent: Any, rows: Any) -> None:
    """Begin an agent's sums anew for environments that it has left episodes of, int64 (k,).

    They are those of a rollout's first steps; within a rollout its rows say where episodes were left.
    """
    if agent.rewards and agent.steps and not agent.memory.storage.cursor:
        agent.settle()
        agent.host = None
        sums = agent.rewards.sums.numpy()
        sums[rows] = 0.0
        agent.rewards.sums.assign(sums)


def scaled(known: Rewards, rewards: tf.Tensor) -> tf.Tensor:
    """Return rewards over the deviation of their discounted sums, cut off."""
    return tf.clip_by_value(rewards * tf.math.rsqrt(known.statistics.variance + EPSILON), -LIMIT, LIMIT)


def normalised(advantages: tf.Tensor, share: tf.Tensor) -> tf.Tensor:
    """Return advantages (B,) of mean 0 and deviation 1, by each row's share (B,) of 1."""
    mean = tf.reduce_sum(share * advantages)
    variance = tf.reduce_sum(share * tf.square(advantages - mean))
    return (advantages - mean) * tf.math.rsqrt(variance + EPSILON)
