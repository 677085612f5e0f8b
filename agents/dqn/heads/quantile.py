"""Quantiles of returns, of fixed fractions."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from agents.dqn.heads.head import Head
from agents.parts import losses
from agents.parts.distributions import quantile_huber
from agents.transitions import Batch


class Quantile(Head):
    """Learns quantiles of returns (Dabney et al. 2018, "QR-DQN", algorithm 1); outputs are (B, A, `quantiles`)."""

    @property
    def shape(self) -> tuple[int, int]:
        return self.actions, self.config.quantiles

    def values(self, outputs: tf.Tensor) -> tf.Tensor:
        return tf.reduce_mean(outputs, axis=-1)

    def values_in_numpy(self, outputs: np.ndarray) -> np.ndarray:
        values: np.ndarray = outputs.mean(axis=-1)
        return values

    def target(self, reward: Any, discount: Any, following: Any, policy: Any, cost: Any) -> tf.Tensor:
        # Of several actions the mean at each fraction (Vieillard et al. 2020, appendix B.1).
        mean = tf.reduce_sum(policy[..., None] * (following - cost[..., None]), axis=1)
        return losses.td_target(reward[:, None], discount[:, None], mean)

    def row_losses(self, outputs: Any, batch: Batch, target: tf.Tensor, settings: Any) -> tuple[tf.Tensor, tf.Tensor]:
        quantiles = self.of_actions(outputs, batch.action)
        errors = tf.reduce_mean(target, axis=-1) - tf.reduce_mean(quantiles, axis=-1)
        return quantile_huber(quantiles, target, settings.quantile_delta, self.fractions(outputs)), errors

    def fractions(self, outputs: Any) -> tf.Tensor | None:
        """Return which fractions the outputs are quantiles of, float32 (B, N); None for (i + 1/2) / N."""
        return None
