"""RecurrentDQN: DQN that remembers the episode, for tasks that one observation does not show whole."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf

from agents.base import Agent
from agents.dqn import DQN
from agents.dqn.layers.tail import with_tail
from agents.functional import AgentState, Choice, Learnt
from agents.functional.checks import no_hidden
from agents.parts import observations
from agents.parts.networks.cells import cell_of, check_not_given, check_vectors, hidden_shapes, stepped
from agents.recurrent_dqn.sequences import Remembered, Sequences, unrolled
from agents.recurrent_dqn.settings import RecurrentDQNSettings
from agents.replay import Replay
from agents.transitions import Batch
from lab.config import Settings
from lab.errors import UsageError
from lab.exporting import Exportable
from lab.networks import mlp

# How much the largest error of a sequence counts beside their mean, for samplers that go by errors (Kapturowski et al.
# 2019, section 2.3).
LARGEST = 0.9


class RecurrentDQN(DQN):
    """DQN over a recurrent cell (Hausknecht and Stone 2015, "Deep Recurrent Q-Learning for Partially Observable MDPs").

    Each transition is replayed with what was remembered before it. Windows of `burn_in + sequence_length` steps of one
    environment are drawn: they begin with what was stored, the burnt-in part brings that up to date, and the rest is
    learnt from (Kapturowski et al. 2019, "R2D2", section 3). Where an episode begins within a window, nothing is
    remembered of the one before. What follows a step is valued after one more step of the cell, under each network's
    own memory, so an episode that was cut off bootstraps from its true last observation.
    """

    Settings: ClassVar[type[Settings]] = RecurrentDQNSettings
    not_state: tuple[str, ...] = ("extras", "body", "values_head")
    kept: ClassVar[frozenset[str]] = DQN.kept | {"extras", "body", "values_head"}
    # Values follow from the whole episode, not from an observation.
    action_values = Agent.action_values  # type: ignore[assignment]

    def check_spaces(self) -> None:
        super().check_spaces()
        check_vectors(type(self).__name__, self.observation_space, "DQN")

    def take_network(self, network: Any) -> None:
        check_not_given(type(self).__name__, network, "it looks", "DQN")

    def build_networks(self) -> None:
        self.extras = {"hidden": self.hidden_shapes["hidden"], "begins": ()}  # type: ignore[misc]
        super().build_networks()

    @property
    def hidden_shapes(self) -> Mapping[str, tuple[int, ...]]:
        return hidden_shapes(self.config)

    def experience(self) -> Replay:
        c = self.config
        replay: Any = super().experience()
        return dataclasses.replace(replay, n_steps=c.burn_in + c.sequence_length, sequences=True)

    # ---------------------------------------------------------------- the network

    def network(self, seed: int) -> keras.Model:
        """Build the network from what is remembered, float32 (B, cell_size), to outputs: here action values (B, A)."""
        c, head = self.config, self.head
        made = mlp(c.cell_size, c.hidden_sizes, self.number_of_actions, seed)
        return with_tail(type(self).__name__, made, head, c, seed) if c.dueling or head.shape != head.actions else made

    def _checked_network(self, seed: int) -> keras.Model:
        c = self.config
        body = cell_of(c.cell, c.cell_size, super().number_of_features, seed + 1)
        head = super()._checked_network(seed)
        # Their layers are the whole's; as definitions any of them serve.
        self.body, self.values_head = body, head
        after = body(body.inputs)
        return keras.Model(body.inputs, head(after[0] if isinstance(after, (list, tuple)) else after))

    @property
    def number_of_features(self) -> int:
        """How many numbers describe an observation to the network: what is remembered."""
        return int(self.config.cell_size)

    def features(self, observed: Any) -> Any:
        if isinstance(observed, (Remembered, Sequences)):
            return observed
        return observations.features(self.observation_space, observed)

    def outputs(self, weights: tuple[tf.Tensor, ...], features: Any) -> tf.Tensor:
        """Return the network's outputs, float32 (n, ...), under explicit weights.

        Args:
            weights: The cell's, then those of `network`.
            features: `Remembered` of n rows, or `Sequences`, of which n is all steps that are learnt from.
        """
        number = len(self.body.trainable_variables)
        if isinstance(features, Sequences):
            features = Remembered(unrolled(self.body, list(weights[:number]), features, self.config.burn_in))
        known = features.rows[:, : self.config.cell_size]
        return self.head.call(self.values_head, weights[number:], known)

    # ---------------------------------------------------------------- the rule

    def policy(self, state: AgentState, observations: tf.Tensor, key: tf.Tensor, explore: bool) -> Choice:
        return self.recurrent_policy(state, observations, no_hidden(self, observations.shape[0]), key, explore)

    def recurrent_policy(
        self, state: AgentState, observations: tf.Tensor, hidden: dict[str, tf.Tensor], key: tf.Tensor, explore: bool
    ) -> Choice:
        weights = self.acting_weights(state.parameters, explore)
        number = len(self.body.trainable_variables)
        after = stepped(self.body, list(weights[:number]), self.features(observations), hidden["hidden"])
        choice = super().policy(state, Remembered(after), key, explore)
        # Where nothing has begun yet, an episode begins here.
        extras = {"hidden": hidden["hidden"], "begins": 1.0 - hidden["begun"]}
        return Choice(choice.action, extras, {"hidden": after, "begun": tf.ones_like(hidden["begun"])})

    def learn(self, state: AgentState, batch: Batch, key: tf.Tensor) -> Learnt:
        learnt = super().learn(state, self.steps_of(batch), key)
        errors = tf.abs(tf.reshape(learnt.errors, (batch.reward.shape[0], -1)))
        whole = LARGEST * tf.reduce_max(errors, axis=1) + (1.0 - LARGEST) * tf.reduce_mean(errors, axis=1)
        return learnt._replace(errors=whole)

    def steps_of(self, batch: Batch) -> Batch:
        """Return the steps of windows (B, W, ...) that are learnt from, as rows (B * L, ...) whose features are
        `Sequences`."""
        burn_in = self.config.burn_in

        def flat(part: Any) -> Any:
            return part if isinstance(part, tuple) else tf.reshape(part[:, burn_in:], (-1, *part.shape[2:]))

        def rows(observed: tf.Tensor) -> tf.Tensor:
            found = self.features(tf.reshape(observed, (-1, *observed.shape[2:])))
            return tf.reshape(found, (*observed.shape[:2], -1))

        given = Sequences(rows(batch.observation), batch.extras["hidden"][:, 0], batch.extras["begins"])
        length = batch.reward.shape[1] - burn_in
        return batch._replace(
            observation=given,
            action=flat(batch.action),
            reward=flat(batch.reward),
            discount=flat(batch.discount),
            next_observation=given._replace(next_rows=rows(batch.next_observation)),
            weights=tf.repeat(batch.weights, length),
            extras={},
            action_mask=flat(batch.action_mask),
            next_action_mask=flat(batch.next_action_mask),
        )

    # ---------------------------------------------------------------- in the host lane

    def renew_host_forms(self, parameters: list[np.ndarray] | None) -> None:
        """Do nothing: its rule acts as it is, since a step's values hang on those before."""

    def export_model(self) -> Exportable:
        raise UsageError(f"{type(self).__name__} remembers its episode, so it is no function of one observation.")
