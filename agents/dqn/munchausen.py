"""Munchausen Q-learning: what a softmax policy would have done, as part of reward and target."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from agents.parts import losses
from agents.parts.masking.masked import masked
from agents.transitions import Batch


def log_policy(values: tf.Tensor, temperature: Any) -> tf.Tensor:
    """Return t log pi(a|s), (B, A), of the softmax policy pi of values q / t, float32 (B, A)."""
    return temperature * tf.nn.log_softmax(values / temperature)


def munchausen_target(agent: Any, parameters: Any, batch: Batch, next_features: Any) -> tf.Tensor:
    """Return the target r + a [t log pi(a|s)] + d E_pi [q(s', a') - t log pi(a'|s')], or its distribution.

    The policy takes no action that a mask forbids. The bracket is cut off below `munchausen_least` and above 0; q and
    pi are the target network's (Vieillard et al. 2020, "Munchausen Reinforcement Learning", equation 2, with section
    4's clipping).

    Args:
        agent: Of the settings `munchausen_weight`, `munchausen_temperature` and `munchausen_least`.
        parameters, batch, next_features: As for `DQN.target_of`.
    """
    c, head = agent.config, agent.head
    before = masked(agent.values(parameters.target, agent.seen(parameters, batch.observation)), batch.action_mask)
    taken = losses.chosen(log_policy(before, c.munchausen_temperature), batch.action)
    reward = batch.reward + c.munchausen_weight * tf.clip_by_value(taken, c.munchausen_least, 0.0)
    outputs = agent.outputs(parameters.target, next_features)
    following = masked(agent.values(parameters.target, next_features), parameters.allowed)
    cost = log_policy(following, c.munchausen_temperature)
    policy = tf.exp(cost / c.munchausen_temperature)
    return head.target(reward, batch.discount, head.of_all(outputs), policy, cost)
