"""AdvantageWeighted: policies that imitate recorded actions, the better ones more."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf

from agents.off_policy.kinds import BoxActions, DiscreteActions, Proposal, kind_of
from agents.off_policy.state import Parameters
from agents.offline_actor_critic.agent import OfflineActorCritic
from agents.parts.exporting import of_policy
from agents.parts.heads import Categorical, Gaussian
from agents.transitions import Batch
from lab.exporting import Exportable
from lab.training.adam import Moments, no_moments


class AdvantageWeighted(OfflineActorCritic):
    """Learns a policy by the likelihood of recorded actions, each with a weight that grows with its advantage.

    For a Box the policy is a Gaussian whose means go through tanh and whose deviations are free numbers: a squashed one
    gives actions recorded at the bounds hardly any probability. A subclass gives `advantages` and `weights`.
    """

    reported: ClassVar[tuple[str, ...]] = ("actor_loss", "advantage", "weight")
    metric_names: ClassVar[tuple[str, ...]] = ("critic_loss", "value", *reported)
    not_state: tuple[str, ...] = ("head", "actor_target")

    @abstractmethod
    def advantages(self, parameters: Parameters, batch: Batch, observed: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
        """Return by how much recorded actions are better than what they are compared with, float32 (B,).

        Args:
            parameters: With the critics after their update.
            batch, observed: Of B rows, and the features of their observations, float32 (B, d).
            key: uint32 (2,).
        """

    @abstractmethod
    def weights(self, advantages: tf.Tensor) -> tf.Tensor:
        """Return the weight of each recorded action, float32 (B,), without a gradient, for advantages float32 (B,)."""

    def kind_of_actions(self) -> BoxActions | DiscreteActions:
        found = kind_of(type(self).__name__, self.action_space)
        box = isinstance(found, BoxActions)
        self.head = Gaussian(self.action_space) if box else Categorical(found.outputs)
        return found

    @property
    def actor_outputs(self) -> int:
        return self.head.outputs

    @property
    def policy_head(self) -> Any:
        return self.head

    def build_networks(self) -> None:
        super().build_networks()
        self.free = (tf.Variable(self.head.free),) if len(self.head.free) else ()
        self.actor_moments = Moments(*map(tf.Variable, no_moments((*self.actor.trainable_variables, *self.free))))

    def parameters(self) -> Parameters:
        found = super().parameters()
        return found._replace(actor=(*found.actor, *self.free))

    # ---------------------------------------------------------------- the rule

    def rows(self, actor: Any, features: tf.Tensor) -> tf.Tensor:
        number = len(self.actor.trainable_variables)
        outputs = super().rows(actor[:number], features)
        if not self.free:
            return outputs
        return tf.concat([tf.tanh(outputs), tf.zeros_like(outputs) + actor[number]], axis=-1)

    def proposed(self, parameters: Parameters, following: tf.Tensor, key: tf.Tensor, settings: Any) -> Proposal:
        rows = self.rows(parameters.actor, following)
        if isinstance(self.head, Gaussian):
            return Proposal(tf.clip_by_value(self.head.draw(rows, key), -1.0, 1.0), ())
        return self.kind.proposed(rows, key)

    def actor_losses(
        self, actor: Any, parameters: Parameters, batch: Batch, observed: tf.Tensor, key: tf.Tensor
    ) -> tuple[tf.Tensor, tuple[tf.Tensor, ...]]:
        advantages = tf.stop_gradient(self.advantages(parameters, batch, observed, key))
        weights = self.weights(advantages)
        logs = self.head.log_probability(self.rows(actor, observed), batch.action)
        return -weights * logs, (tf.reduce_mean(advantages), tf.reduce_mean(weights))

    # ---------------------------------------------------------------- acting

    def rows_in_numpy(self, observed: np.ndarray) -> np.ndarray:
        outputs = super().rows_in_numpy(observed)
        if not self.free:
            return outputs
        return np.concatenate([np.tanh(outputs), np.zeros_like(outputs) + self.free[0].numpy()], axis=-1)

    def greedy(self, rows: tf.Tensor) -> tf.Tensor:
        return self.head.mode(rows)

    def explored(self, rows: tf.Tensor, key: tf.Tensor, settings: Any) -> tf.Tensor:
        return self.head.sample(rows, key)

    def greedy_in_numpy(self, rows: np.ndarray) -> np.ndarray:
        return self.head.mode_in_numpy(rows)

    def explored_in_numpy(self, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return self.head.sample_in_numpy(rows, rng)

    def export_model(self) -> Exportable:
        def rows(observed: tf.Tensor) -> tf.Tensor:
            return self.rows(tuple(map(tf.convert_to_tensor, self.parameters().actor)), self.features(observed))

        return of_policy(self, rows, self.greedy)
