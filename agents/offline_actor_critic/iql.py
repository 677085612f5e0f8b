"""IQL: values of the best recorded actions, without asking for any other."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import tensorflow as tf

from agents.functional import AgentState
from agents.off_policy.ensemble import Ensemble
from agents.off_policy.losses import critic_losses
from agents.off_policy.state import Parameters, stepped
from agents.offline_actor_critic import losses
from agents.offline_actor_critic.settings import IQLSettings
from agents.offline_actor_critic.weighted import AdvantageWeighted
from agents.parts.losses import bootstrapped_target
from agents.parts.observations import number_of_features
from agents.transitions import Batch
from lab.config import Settings
from lab.training.adam import Moments, no_moments


class IQL(AdvantageWeighted):
    """Learns a state's value as an upper expectile of its recorded actions' values, which the critics lean on.

    Kostrikov et al. 2021, "Offline Reinforcement Learning with Implicit Q-Learning", algorithm 1. No critic is ever
    asked about an action that was not recorded.
    """

    Settings: ClassVar[type[Settings]] = IQLSettings

    not_state: tuple[str, ...] = ("state_critic",)

    def build_networks(self) -> None:
        super().build_networks()
        self.state_critic = Ensemble(1, number_of_features(self.observation_space), self.config.hidden_sizes, 1)
        weights = tuple(map(tf.Variable, self.state_critic.start(self.seeds.integer("network", 2))))
        self.state_value = (weights, Moments(*map(tf.Variable, no_moments(weights))))

    def parameters(self) -> Parameters:
        return super().parameters()._replace(state_value=self.state_value)

    # ---------------------------------------------------------------- the rule

    def with_critics(
        self, state: AgentState, batch: Batch, observed: tf.Tensor, key: tf.Tensor
    ) -> tuple[Parameters, tf.Tensor, tf.Tensor, tf.Tensor]:
        """Make an update of the state values, then one of the critics, of features float32 (B, d).

        Arguments and what is returned are those of `OffPolicyAgent.with_critics`.
        """
        c, p = self.hyperparameters(state), state.parameters
        rate, epsilon = c.learning_rate, c.adam_epsilon
        taken = tf.concat([observed, self.kind.taken(batch.action)], axis=-1)
        recorded = self.taken_values(p.targets, taken, batch)

        def value_losses(weights: tuple[tf.Tensor, ...]) -> tuple[tf.Tensor, tuple[()]]:
            errors = recorded - self.expectiles(weights, observed)
            return losses.expectile_loss(errors, self.config.expectile), ()

        weights, value_moments = p.state_value
        weights, value_moments, *_ = stepped(value_losses, weights, value_moments, rate, epsilon)
        following = self.expectiles(weights, self.features(batch.next_observation))
        target = bootstrapped_target(batch.reward, batch.discount, following)

        def rows_of(critics: tuple[tf.Tensor, ...]) -> tuple[tf.Tensor, tf.Tensor]:
            values = self.kind.of_taken(self.ensemble(critics, taken), batch.action)
            return critic_losses(values, target), values

        critics, moments, loss, values = stepped(rows_of, p.critics, p.critic_moments, rate, epsilon)
        errors = target - tf.reduce_mean(values, axis=0)
        p = p._replace(critics=critics, critic_moments=moments, state_value=(weights, value_moments))
        return p, loss, tf.reduce_mean(values), errors

    def advantages(self, parameters: Parameters, batch: Batch, observed: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
        """Return Q(s, a) - V(s), float32 (B,), of the target critics and the newest state values."""
        taken = tf.concat([observed, self.kind.taken(batch.action)], axis=-1)
        recorded = self.taken_values(parameters.targets, taken, batch)
        return recorded - self.expectiles(parameters.state_value[0], observed)

    def weights(self, advantages: tf.Tensor) -> tf.Tensor:
        return losses.advantage_weights(advantages, self.config.temperature, self.config.largest_weight)

    def taken_values(self, critics: tuple[tf.Tensor, ...], taken: tf.Tensor, batch: Batch) -> tf.Tensor:
        """Return the least of critics' values of the recorded actions, float32 (B,); `taken` is float32 (B, d)."""
        return tf.reduce_min(self.kind.of_taken(self.ensemble(critics, taken), batch.action), axis=0)

    def expectiles(self, weights: tuple[tf.Tensor, ...], observed: tf.Tensor) -> tf.Tensor:
        """Return V(s), float32 (B,), of features float32 (B, d)."""
        return self.state_critic(weights, observed)[0, :, 0]

    def state_values(self, observed: np.ndarray) -> np.ndarray:
        weights = self.state().parameters.state_value[0]
        found: np.ndarray = self.expectiles(weights, self.features(tf.constant(observed))).numpy()
        return found
