"""What an on-policy agent exports: the logits of one choice among several, else the actions of greedy play."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from gymnasium.spaces import Discrete

from agents.parts.exporting import of_observations
from lab.exporting import Exportable


def of_policy(agent: Any) -> Exportable:
    """Return an `OnPolicyAgent`'s policy as a function of raw observations."""
    agent.settle()
    p, logits = agent.parameters(), isinstance(agent.action_space, Discrete)
    dtype = tf.float32 if agent.head.continuous else tf.int32

    def outputs(observed: tf.Tensor) -> tf.Tensor:
        weights, statistics = tf.nest.map_structure(tf.convert_to_tensor, (p.weights, p.observations))
        rows = agent.rows(weights, agent.features(statistics, observed), observed)
        return rows if logits else tf.cast(agent.head.mode(rows), dtype)

    name, original = ("logits", agent.rows_in_numpy) if logits else ("actions", agent.act_batch)
    return of_observations(agent.observation_space, name, outputs, original)
