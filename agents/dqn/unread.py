"""Which settings have no effect: beside others, or in a variant of DQN whose functions, run once, do not read them."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

import tensorflow as tf
from gymnasium.spaces import Discrete

from agents.replay.accumulators import one_step
from agents.replay.layout import Layout
from agents.transitions import Batch
from lab.errors import UsageError

# By the functions of a variant that alone read them.
OF_NETWORK = ("hidden_sizes", "filters", "architecture", "width", "dueling")
OF_LEARNING = ("double", "pessimism", "huber_delta", "munchausen", "quantile_delta")
OF_DISTRIBUTIONS = {
    "atoms value_min value_max": "categorical",
    "quantiles": "quantile",
    "fractions acting_fractions cosines": "implicit",
}
# What a variant overrides of how it learns.
RULE = ("next_actions", "next_values", "target_of", "row_losses")


def unread_beside_others(agent: Any, base: type[Any]) -> dict[str, str]:
    """Return settings that nothing reads beside the others, or for such observations, each with the reason.

    Args:
        agent: Built.
        base: The class that it is a variant of; what functions read that a variant overrides is left out here.
    """
    c, kind, unread = agent.config, type(agent), dict[str, str]()

    def idle(names: str, why: str, when: bool = True) -> None:
        unread.update(dict.fromkeys(names.split(), why) if when else {})

    epsilon = "epsilon_start epsilon_end epsilon_steps"
    if kind.network is base.network:
        unread.update(agent.unread_of_networks())
    if kind.next_values is base.next_values:
        idle("pessimism", "it is a part of double=True", not c.double)
        idle("pessimism huber_delta", f"distribution is {c.distribution}", c.distribution != "none")
        idle("double pessimism", "munchausen=True values all actions by their softmax", c.munchausen)
    if kind.action_values_of is base.action_values_of:
        for names, distribution in OF_DISTRIBUTIONS.items():
            idle(names, f"it is a part of distribution={distribution}", c.distribution != distribution)
        idle("quantile_delta", f"distribution is {c.distribution}", c.distribution in ("none", "categorical"))
    idle("normalise_observations", "Discrete observations have no scale", isinstance(agent.observation_space, Discrete))
    idle("epsilon_steps", "epsilon_start and epsilon_end are equal",
         getattr(c, "epsilon_start", 0) == getattr(c, "epsilon_end", 1))  # fmt: skip
    idle(epsilon, "noisy=True explores in its place", c.noisy)
    idle("noise_deviation", "it is a part of noisy=True", not c.noisy)
    idle("learning_rate_steps", "learning_rate and learning_rate_end are equal",
         c.learning_rate == getattr(c, "learning_rate_end", None))  # fmt: skip
    idle("target_update_every", "with target_rate below 1 the target network moves each update", c.target_rate < 1.0)
    idle("priority_alpha priority_beta", "they are parts of prioritised=True", not c.prioritised)
    idle(
        "munchausen_weight munchausen_temperature munchausen_least", "it is a part of munchausen=True", not c.munchausen
    )
    known = {field.name for field in dataclasses.fields(c)}
    return {name: why for name, why in unread.items() if name in known}


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

    def learn() -> None:
        batch = _batch(agent)
        parameters = tf.nest.map_structure(tf.convert_to_tensor, agent.parameters())
        target = listener.target_of(parameters, batch, agent.features(batch.next_observation))
        outputs = agent.outputs(parameters.online, agent.features(batch.observation))
        listener.row_losses(outputs, batch, target, listening)

    # Traced, and never run.
    tf.function(learn, autograph=False).get_concrete_function()
    return set(OF_LEARNING) - listening.read


def check_reads_masks(agent: Any, base: type[Any]) -> None:
    """Raise `UsageError` where what follows is valued without a look at which actions are allowed there.

    Args:
        agent: Built, with masks in its replay.
        base: The class that it is a variant of.
    """
    kind = type(agent)
    if kind.learn is not base.learn or all(getattr(kind, name) is getattr(base, name) for name in RULE):
        return
    reads: list[Listening] = []

    def learn() -> None:
        batch = _batch(agent)
        parameters = tf.nest.map_structure(tf.convert_to_tensor, agent.parameters())
        reads.append(Listening(parameters._replace(allowed=batch.next_action_mask)))
        agent.target_of(reads[0], batch, agent.features(batch.next_observation))

    tf.function(learn, autograph=False).get_concrete_function()
    if "allowed" not in reads[0].read:
        raise UsageError(
            f"{kind.__name__} values what follows over actions that the environment forbids: its functions do not read "
            "parameters.allowed. Fix: choose by self.next_actions(parameters, next_features), or by "
            "agents.parts.masking.masked(values, parameters.allowed); or action_masks=False."
        )


def _batch(agent: Any) -> Batch:
    layout = Layout.of(agent)
    apart = () if layout.apart is None else (tf.zeros((1, *layout.shape), tf.as_dtype(layout.apart)),) * 2
    batch = one_step(layout.unpacked(tf.zeros((1, layout.width)), apart), 1.0)
    return batch._replace(weights=tf.ones(1), indices=tf.zeros(1, tf.int32))


def _listener(agent: Any) -> tuple[Listening, Any]:
    listener = copy.copy(agent)
    listener.config = listening = Listening(agent.config)
    return listening, listener
