"""What a value learner exports: the values of actions, by the weights that it acts with."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from agents.parts.exporting import of_observations
from lab.exporting import Exportable


def action_values(agent: Any) -> Exportable:
    """Return the action values of a `DQN` as a function of raw observations."""
    agent.settle()
    parameters = agent.parameters()
    weights = agent.acting_weights(parameters, explore=False)

    def values(observed: tf.Tensor) -> tf.Tensor:
        return agent.values(tuple(map(tf.convert_to_tensor, weights)), agent.seen(parameters, observed))

    return of_observations(agent.observation_space, "values", values, agent.action_values)
