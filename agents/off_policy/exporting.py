"""What an off-policy actor-critic exports: its greedy actions, or the logits of Discrete ones."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from gymnasium.spaces import Discrete

from agents.parts.exporting import of_observations
from lab.exporting import Exportable


def of_actor(agent: Any) -> Exportable:
    """Return an `OffPolicyAgent`'s actor as a function of raw observations."""
    agent.settle()
    logits = isinstance(agent.action_space, Discrete)

    def outputs(observed: tf.Tensor) -> tf.Tensor:
        rows = agent.actor(agent.features(observed))
        return rows if logits else agent.greedy(rows)

    name, original = ("logits", agent.rows_in_numpy) if logits else ("actions", agent.act_batch)
    return of_observations(agent.observation_space, name, outputs, original)
