"""Which settings a variant of DQN does not read, found by running its functions once and listening."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

import tensorflow as tf

from agents.replay.accumulators import one_step
from agents.replay.layout import Layout

# By the functions of a variant that alone read them.
OF_NETWORK = ("hidden_sizes", "filters", "architecture", "width")
OF_LEARNING = ("double", "pessimism", "huber_delta")
# What a variant overrides of how it learns.
RULE = ("next_actions", "next_values", "target_of", "row_losses")


class Listening:
    """Settings that note which of them are read.

    Args:
        config: The settings.

    Attributes:
        read: Their names.
    """

    def __init__(self, config: Any) -> None:
        self._config, self.read = config, set[str]()

    def __getattr__(self, name: str) -> Any:
        self.read.add(name)
        return getattr(self._config, name)


def unread_by_variant(agent: Any, base: type[Any]) -> dict[str, str]:
    """Return settings that the functions which a variant overrides do not read, each with the reason.

    It takes a moment, so only those are looked for that somebody chose.

    Args:
        agent: Built.
        base: The class that it is a variant of.
    """
    kind, found = type(agent), set[str]()
    chosen = {f.name for f in dataclasses.fields(agent.config) if getattr(agent.config, f.name) != f.default}
    if kind.network is not base.network and chosen & set(OF_NETWORK):
        found |= unread_by_network(agent) & chosen
    varied = any(getattr(kind, name) is not getattr(base, name) for name in RULE)
    if kind.learn is base.learn and varied and chosen & set(OF_LEARNING):
        found |= unread_in_learning(agent)
    return dict.fromkeys(sorted(found), f"{kind.__name__}'s functions do not read it")


def unread_by_network(agent: Any) -> set[str]:
    """Return those of `OF_NETWORK` that `network` does not read."""
    listening, listener = _listener(agent)
    listener.network(0)
    return set(OF_NETWORK) - listening.read


def unread_in_learning(agent: Any) -> set[str]:
    """Return those of `OF_LEARNING` that `target_of`, `row_losses` and what they call do not read."""
    listening, listener = _listener(agent)
    layout = Layout.of(agent)
    apart = () if layout.apart is None else (tf.zeros((1, *layout.shape), tf.as_dtype(layout.apart)),) * 2

    def learn() -> None:
        batch = one_step(layout.unpacked(tf.zeros((1, layout.width)), apart), 1.0)
        batch = batch._replace(weights=tf.ones(1), indices=tf.zeros(1, tf.int32))
        parameters = tf.nest.map_structure(tf.convert_to_tensor, agent.parameters())
        target = listener.target_of(parameters, batch, agent.features(batch.next_observation))
        outputs = agent.outputs(parameters.online, agent.features(batch.observation))
        listener.row_losses(outputs, batch, target, listening)

    # Traced, and never run.
    tf.function(learn, autograph=False).get_concrete_function()
    return set(OF_LEARNING) - listening.read


def _listener(agent: Any) -> tuple[Listening, Any]:
    listener = copy.copy(agent)
    listener.config = listening = Listening(agent.config)
    return listening, listener
