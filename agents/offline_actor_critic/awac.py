"""AWAC: an actor weighted by advantages over what it would do itself."""

from __future__ import annotations

from typing import ClassVar

import tensorflow as tf

from agents.off_policy.state import Parameters
from agents.offline_actor_critic import losses
from agents.offline_actor_critic.settings import AWACSettings
from agents.offline_actor_critic.weighted import AdvantageWeighted
from agents.transitions import Batch
from lab.config import Settings


class AWAC(AdvantageWeighted):
    """Learns critics of its policy, and the policy by recorded actions weighted by their advantage over it.

    Nair et al. 2020, "AWAC: Accelerating Online Reinforcement Learning with Offline Datasets", algorithm 1, on recorded
    transitions alone. For Discrete actions expectations over the policy are sums, as in `SAC`.
    """

    Settings: ClassVar[type[Settings]] = AWACSettings

    def advantages(self, parameters: Parameters, batch: Batch, observed: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
        """Return Q(s, a) - E[Q(s, pi)], float32 (B,); for a Box the expectation is one draw (equation 13)."""
        kind, critics = self.kind, parameters.critics
        taken = self.ensemble(critics, tf.concat([observed, kind.taken(batch.action)], axis=-1))
        own = self.proposed(parameters, observed, key, self.config)
        values = kind.values(self.ensemble(critics, tf.concat([observed, own.actions], axis=-1)))
        least = tf.reduce_min(kind.of_taken(taken, batch.action), axis=0)
        return least - kind.expected(tf.reduce_min(values, axis=0), own.logs)

    def weights(self, advantages: tf.Tensor) -> tf.Tensor:
        return losses.normalised_weights(advantages, self.config.temperature)
