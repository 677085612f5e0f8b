"""Quantiles of returns, of whichever fractions the network is asked for."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from agents.dqn.heads.quantile import Quantile
from agents.dqn.layers.implicit import ImplicitNetwork, midpoints
from envs import random


class Asked(NamedTuple):
    """Features float32 (B, d), and the fractions whose quantiles the network is asked for, float32 (B, N)."""

    features: Any
    fractions: Any


class Implicit(Quantile):
    """Learns the quantile function of returns (Dabney et al. 2018, "Implicit Quantile Networks", algorithm 1).

    Outputs are quantiles (B, A, N) with their fractions (B, N): drawn uniformly in an update, `fractions` of them, and
    else the midpoints of `acting_fractions` equal parts. Actions are chosen by midpoints in both.
    """

    asks: ClassVar[bool] = True

    @property
    def shape(self) -> int:  # type: ignore[override]
        return self.actions

    def joined(self, body: keras.Model, tail: keras.Model, seed: int) -> keras.Model:
        return ImplicitNetwork(body, tail, self.config.cosines, self.config.acting_fractions, seed)

    def asked(self, features: Any, key: tf.Tensor, number: int) -> Asked:
        drawn = random.uniform(random.fold_in(key, number), (features.shape[0], self.config.fractions))
        return Asked(features, drawn)

    def evenly(self, features: Any) -> Any:
        if not isinstance(features, Asked):
            return features
        return Asked(features.features, midpoints(*features.fractions.shape))

    def call(self, network: keras.Model, weights: tuple[tf.Tensor, ...], features: Any) -> Any:
        if not isinstance(features, Asked):
            return super().call(network, weights, features)
        return network.stateless_call(list(weights), [], features.features, fractions=features.fractions)[0]

    def values(self, outputs: Any) -> tf.Tensor:
        return super().values(outputs[0])

    def values_in_numpy(self, outputs: Any) -> np.ndarray:
        return super().values_in_numpy(outputs[0])

    def of_all(self, outputs: Any) -> tf.Tensor:
        return outputs[0]

    def of_actions(self, outputs: Any, actions: tf.Tensor) -> tf.Tensor:
        return super().of_actions(outputs[0], actions)

    def fractions(self, outputs: Any) -> tf.Tensor:
        return outputs[1]
