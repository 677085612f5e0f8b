"""Probabilities of returns on fixed atoms."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from agents.dqn.heads.head import Head
from agents.parts import losses
from agents.parts.distributions import categorical_projection
from agents.transitions import Batch


class Categorical(Head):
    """Learns probabilities of returns on atoms (Bellemare et al. 2017, "A Distributional Perspective", algorithm 1).

    Outputs are logits (B, A, `atoms`). The error of a row is the divergence of its probabilities from the target's,
    which unlike the loss is 0 where nothing is left to learn.
    """

    @property
    def shape(self) -> tuple[int, int]:
        return self.actions, self.config.atoms

    @property
    def support(self) -> np.ndarray:
        """The values of the atoms, float32 (atoms,)."""
        c = self.config
        return np.linspace(c.value_min, c.value_max, c.atoms, dtype=np.float32)

    def values(self, outputs: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(tf.nn.softmax(outputs) * self.support, axis=-1)

    def values_in_numpy(self, outputs: np.ndarray) -> np.ndarray:
        weights = np.exp(outputs - outputs.max(axis=-1, keepdims=True))
        values: np.ndarray = weights @ self.support / weights.sum(axis=-1)
        return values

    def target(self, reward: Any, discount: Any, following: Any, policy: Any, cost: Any) -> tf.Tensor:
        # A mixture over the actions: each brings its atoms, as often as it is taken.
        moved = losses.td_target(reward[:, None, None], discount[:, None, None], self.support - cost[..., None])
        probabilities = policy[..., None] * tf.nn.softmax(following)
        flat = (moved.shape[0], moved.shape[1] * moved.shape[2])
        return categorical_projection(tf.reshape(moved, flat), tf.reshape(probabilities, flat), self.support)

    def row_losses(self, outputs: Any, batch: Batch, target: tf.Tensor, settings: Any) -> tuple[tf.Tensor, tf.Tensor]:
        log_probabilities = tf.nn.log_softmax(losses.chosen(outputs, batch.action))
        rows = -tf.reduce_sum(target * log_probabilities, axis=-1)
        return rows, rows + tf.reduce_sum(tf.math.xlogy(target, target), axis=-1)
