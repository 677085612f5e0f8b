"""RecurrentPPO: PPO that remembers the episode, for tasks that one observation does not show whole."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, ClassVar

import tensorflow as tf

from agents.functional import AgentState, Choice
from agents.functional.checks import no_hidden
from agents.on_policy.parts.building import check_rollout
from agents.on_policy.ppo import PPO
from agents.on_policy.settings import PPOSettings
from agents.on_policy.state import Parameters, Weights
from agents.parts import observations
from agents.parts.networks.cells import CELLS, cell_of, check_not_given, check_vectors, hidden_shapes, stepped
from agents.replay import Rollouts
from lab.config import Settings, owner_name, setting
from lab.errors import UsageError, bad_value
from lab.exporting import Exportable


@dataclasses.dataclass(frozen=True)
class RecurrentPPOSettings(PPOSettings):
    """Settings of `RecurrentPPO`; all intervals are environment steps, summed over environments."""

    cell: str = setting("gru", "what remembers", choices=tuple(CELLS))
    cell_size: int = setting(64, "numbers that are remembered", at_least=1)
    sequence_length: int = setting(16, "steps that gradients go back through", at_least=1)
    minibatch_size: int = setting(
        256, "transitions an update, in whole sequences; it must divide rollout_steps", at_least=1
    )
    learning_rate: float = setting(1e-3, "Adam's step size at step 0", above=0, search="1e-5:1e-2:log")

    def check(self) -> None:
        super().check()
        if self.minibatch_size % self.sequence_length:
            expected, fix = f"a multiple of sequence_length ({self.sequence_length})", self.fitting_minibatch()
            raise bad_value(owner_name(type(self)), "minibatch_size", self.minibatch_size, expected, fix)

    def fitting_minibatch(self, rows: int = 1) -> str:
        return super().fitting_minibatch(self.sequence_length)


class RecurrentPPO(PPO):
    """PPO over a recurrent cell, which both networks look through (Schulman et al. 2017; cells of Cho et al. 2014 and
    Hochreiter and Schmidhuber 1997).

    A rollout is learnt from in sequences, each begun with what was remembered then under the policy that acted, and
    anew where an episode begins (Kapturowski et al. 2019, "R2D2", section 3, "stored state").
    """

    Settings: ClassVar[type[Settings]] = RecurrentPPOSettings
    # Values and actions follow from the whole episode.
    figures: ClassVar[tuple[str, ...]] = ()
    not_state: tuple[str, ...] = ("extras",)
    kept: ClassVar[frozenset[str]] = PPO.kept | {"body", "extras"}

    def check_spaces(self) -> None:
        super().check_spaces()
        check_vectors(type(self).__name__, self.observation_space, "PPO")
        self.check_sequences(self.num_envs)

    def take_network(self, network: Any) -> None:
        check_not_given(type(self).__name__, network, "both look", "PPO")

    def unread_of_networks(self) -> dict[str, str]:
        why = "both networks look through its cell"
        return {**super().unread_of_networks(), "architecture": why, "width": why}

    def resize(self, number: int) -> None:
        check_rollout(type(self).__name__, self.config, number)
        self.check_sequences(number)
        super().resize(number)

    def check_sequences(self, number: int) -> None:
        """Raise `UsageError` where the rollouts of each of so many environments are no whole sequences."""
        c = self.config
        each, fits = c.rollout_steps // number, math.lcm(number * c.sequence_length, c.minibatch_size)
        if each % c.sequence_length:
            raise bad_value(
                type(self).__name__, "sequence_length", c.sequence_length, f"a divisor of the {each} steps that each "
                f"of {number} environments makes in a rollout", f"rollout_steps={-(-c.rollout_steps // fits) * fits}.",
            )  # fmt: skip

    def build_networks(self) -> None:
        c, seed = self.config, self.seeds.integer("network", 2)
        self.body = cell_of(c.cell, c.cell_size, observations.number_of_features(self.observation_space), seed)
        self.extras = {"hidden": self.hidden_shapes["hidden"], "begins": ()}  # type: ignore[misc]
        super().build_networks()

    @property
    def hidden_shapes(self) -> Mapping[str, tuple[int, ...]]:
        return hidden_shapes(self.config)

    @property
    def network_inputs(self) -> int:
        return int(self.config.cell_size)

    def weights(self) -> Weights:
        return super().weights()._replace(body=tuple(v.value for v in self.body.trainable_variables))

    def experience(self) -> Rollouts:
        return dataclasses.replace(super().experience(), sequence=self.config.sequence_length)

    def policy(self, state: AgentState, observations: tf.Tensor, key: tf.Tensor, explore: bool) -> Choice:
        return self.recurrent_policy(state, observations, no_hidden(self, observations.shape[0]), key, explore)

    def recurrent_policy(
        self, state: AgentState, observations: tf.Tensor, hidden: dict[str, tf.Tensor], key: tf.Tensor, explore: bool
    ) -> Choice:
        p = state.parameters
        after = self.remembered(p.weights, self.features(p.observations, observations), hidden["hidden"])
        rows = self.rows(p.weights, after, observations)
        action = self.head.sample(rows, key) if explore else self.head.mode(rows)
        # Where nothing has begun yet, an episode begins here.
        extras = {"hidden": hidden["hidden"], "begins": 1.0 - hidden["begun"]}
        return Choice(action, extras, {"hidden": after, "begun": tf.ones_like(hidden["begun"])})

    def remembered(self, weights: Weights, features: tf.Tensor, hidden: tf.Tensor) -> tf.Tensor:
        """Return what is remembered after a step, float32 (B, h), for its features (B, d) and what was before it."""
        return stepped(self.body, list(weights.body), features, hidden)

    def rows(self, weights: Weights, features: tf.Tensor, observed: tf.Tensor) -> tf.Tensor:
        return super().rows(weights, features[:, : self.config.cell_size], observed)

    def value(self, weights: Weights, features: tf.Tensor) -> tf.Tensor:
        return super().value(weights, features[:, : self.config.cell_size])

    # ---------------------------------------------------------------- sequences

    def arranged(self, rollout: Any) -> Any:
        length = self.config.sequence_length

        def one(part: tf.Tensor) -> tf.Tensor:
            steps, number, *rest = part.shape
            parts = tf.reshape(part, (steps // length, length, number, *rest))
            axes = (0, 2, 1, *range(3, 3 + len(rest)))
            return tf.reshape(tf.transpose(parts, axes), (steps // length * number, length, *rest))

        return tf.nest.map_structure(one, rollout)

    def in_time(self, values: tf.Tensor, shape: Any) -> tf.Tensor:
        steps, number = shape
        length = self.config.sequence_length
        return tf.reshape(tf.transpose(tf.reshape(values, (steps // length, number, length)), (0, 2, 1)), shape)

    def flat(self, batch: Any) -> Any:
        return tf.nest.map_structure(lambda p: tf.reshape(p, (-1, *p.shape[2:])) if tf.is_tensor(p) else p, batch)

    def encoded(self, parameters: Parameters, batch: Any) -> tf.Tensor:
        number, length = batch.reward.shape
        flat = tf.reshape(batch.observation, (-1, *batch.observation.shape[2:]))
        features = tf.reshape(self.features(parameters.observations, flat), (number, length, -1))
        hidden, found = batch.extras["hidden"][:, 0], []
        # Written out: the gradient of a loop would keep its steps in lists, which takes longer than the steps do.
        for t in range(length):
            hidden = hidden * (1.0 - batch.extras["begins"][:, t, None])
            hidden = self.remembered(parameters.weights, features[:, t], hidden)
            found.append(hidden)
        return tf.reshape(tf.stack(found, axis=1), (number * length, -1))

    def next_encoded(self, parameters: Parameters, batch: Any, encoded: tf.Tensor) -> tf.Tensor:
        flat = tf.reshape(batch.next_observation, (-1, *batch.next_observation.shape[2:]))
        return self.remembered(parameters.weights, self.features(parameters.observations, flat), encoded)

    def export_model(self) -> Exportable:
        raise UsageError(f"{type(self).__name__} remembers its episode, so it is no function of one observation.")
