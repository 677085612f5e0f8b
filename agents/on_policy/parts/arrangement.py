"""How a rollout's transitions are arranged to be shuffled, and what the networks are given of them."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import tensorflow as tf

from agents.on_policy.state import Parameters


class Arrangement:
    """Shuffles transitions one by one, and gives the networks their features; agents that remember do otherwise."""

    @abstractmethod
    def features(self, statistics: Any, observed: Any) -> Any:
        """Return observations (n, ...), an array or a tensor, as the networks take them, float32 (n, d)."""

    def arranged(self, rollout: Any) -> Any:
        """Return nested tensors (T, n, ...) as what is shuffled: here transitions, (T * n, ...)."""
        return tf.nest.map_structure(lambda part: tf.reshape(part, (-1, *part.shape[2:])), rollout)

    def in_time(self, values: tf.Tensor, shape: Any) -> tf.Tensor:
        """Return numbers of all rows, (T * n,) as `encoded` has them, in the order of time, (T, n)."""
        return tf.reshape(values, shape)

    def flat(self, batch: Any) -> Any:
        """Return a batch of what is shuffled with one row a transition: here it is one."""
        return batch

    def encoded(self, parameters: Parameters, batch: Any) -> tf.Tensor:
        """Return what the two networks are given for each transition of a batch, float32 (B, d): its features."""
        return self.features(parameters.observations, batch.observation)

    def next_encoded(self, parameters: Parameters, batch: Any, encoded: tf.Tensor) -> tf.Tensor:
        """Return what they would be given next, float32 (B, d)."""
        return self.features(parameters.observations, batch.next_observation)
