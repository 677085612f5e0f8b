"""What the outputs of a DQN mean, and what they should come to: here values of actions."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf

from agents.parts import losses
from agents.transitions import Batch


@dataclasses.dataclass(frozen=True)
class Head(ABC):
    """Makes values, targets and losses of a network's outputs, as pure functions.

    Args:
        config: The settings.
        actions: Number of actions, A.
    """

    # Whether its networks are asked for more than features tell.
    asks: ClassVar[bool] = False

    config: Any
    actions: int

    @property
    @abstractmethod
    def shape(self) -> int | tuple[int, ...]:
        """What the network gives for one observation: a number of outputs, or their shape (A, ...)."""

    def joined(self, body: keras.Model, tail: keras.Model, seed: int) -> keras.Model:
        """Return one network of a body, features to (B, m), and a tail, (B, m) to outputs."""
        return keras.Model(body.inputs[0], tail(body.outputs[0]))

    def asked(self, features: Any, key: tf.Tensor, number: int) -> Any:
        """Return features with what the network is asked about them in an update; by default themselves.

        Args:
            features: float32 (B, d).
            key: uint32 (2,), of the update.
            number: Which of the draws with that key it is.
        """
        return features

    def evenly(self, features: Any) -> Any:
        """Return features as `asked` made them, for outputs that nothing random enters; by default themselves."""
        return features

    def call(self, network: keras.Model, weights: tuple[tf.Tensor, ...], features: Any) -> Any:
        """Return the outputs for features, as `asked` made them or bare, under explicit weights."""
        return network.stateless_call(list(weights), [], features)[0]

    @abstractmethod
    def values(self, outputs: Any) -> tf.Tensor:
        """Return the values of actions, float32 (B, A)."""

    def values_in_numpy(self, outputs: np.ndarray) -> np.ndarray:
        """Return what `values` does, for arrays."""
        return np.asarray(self.values(outputs))

    def greedy_target(self, agent: Any, parameters: Any, batch: Batch, next_features: Any) -> tf.Tensor:
        """Return the target where what follows is the action that the agent's `next_actions` chooses."""
        actions = agent.next_actions(parameters, next_features)
        following = self.of_actions(agent.outputs(parameters.target, next_features), actions)
        sure = tf.ones((following.shape[0], 1))
        return self.target(batch.reward, batch.discount, following[:, None], sure, tf.zeros_like(sure))

    def of_actions(self, outputs: Any, actions: tf.Tensor) -> tf.Tensor:
        """Return the outputs of the actions taken, int32 (B,): float32 (B, ...)."""
        return losses.chosen(outputs, actions)

    def of_all(self, outputs: Any) -> tf.Tensor:
        """Return the outputs of all actions, float32 (B, A, ...)."""
        return outputs

    @abstractmethod
    def target(self, reward: Any, discount: Any, following: Any, policy: Any, cost: Any) -> tf.Tensor:
        """Return what outputs should come to: the distribution, or its mean, of r + d (Z(s', a') - cost of a').

        Args:
            reward, discount: float32 (B,).
            following: float32 (B, K, ...), outputs of K actions in what follows.
            policy: float32 (B, K), their probabilities.
            cost: float32 (B, K), what each takes off.
        """

    @abstractmethod
    def row_losses(self, outputs: Any, batch: Batch, target: tf.Tensor, settings: Any) -> tuple[tf.Tensor, tf.Tensor]:
        """Return loss and error of each row, (B,) each; see `DQN.row_losses`."""


class Expected(Head):
    """Takes outputs for the expectations of returns (Mnih et al. 2015, algorithm 1)."""

    @property
    def shape(self) -> int:
        return self.actions

    def values(self, outputs: tf.Tensor) -> tf.Tensor:
        return outputs

    def values_in_numpy(self, outputs: np.ndarray) -> np.ndarray:
        return outputs

    def greedy_target(self, agent: Any, parameters: Any, batch: Batch, next_features: Any) -> tf.Tensor:
        return losses.bootstrapped_target(batch.reward, batch.discount, agent.next_values(parameters, next_features))

    def target(self, reward: Any, discount: Any, following: Any, policy: Any, cost: Any) -> tf.Tensor:
        return losses.bootstrapped_target(reward, discount, tf.reduce_sum(policy * (following - cost), axis=1))

    def row_losses(self, outputs: Any, batch: Batch, target: tf.Tensor, settings: Any) -> tuple[tf.Tensor, tf.Tensor]:
        error = target - losses.chosen(outputs, batch.action)
        return losses.huber(error, settings.huber_delta), error
