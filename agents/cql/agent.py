"""CQL: Q-learning from recordings that distrusts actions they do not hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf

from agents.cql.settings import CQLSettings
from agents.dqn import DQN
from agents.dqn.state import assign, averaged, copied
from agents.offline import OfflineAgent
from agents.replay.host import ReplayBatch
from lab.config import Settings


def conservative_penalty(values: tf.Tensor, chosen: tf.Tensor) -> tf.Tensor:
    """Return the mean of log sum_a exp Q(s, a) - Q(s, a recorded), () (Kumar et al. 2020, equation 4, CQL(H)).

    Args:
        values: float32 (B, A).
        chosen: float32 (B,), of the recorded actions.
    """
    return tf.reduce_mean(tf.reduce_logsumexp(values, axis=-1) - chosen)


class CQL(OfflineAgent, DQN):
    """DQN on recorded transitions with a penalty on values of actions not taken there (Kumar et al. 2020).

    "Conservative Q-Learning for Offline Reinforcement Learning", equation 4, CQL(H), for Discrete actions. Target, loss
    of the TD error and network are DQN's.
    """

    Settings: ClassVar[type[Settings]] = CQLSettings
    default_steps: ClassVar[int] = 5_000
    training_state: ClassVar[tuple[str, ...]] = ("moments",)

    def build(self) -> None:
        self.build_networks()
        self.rate = tf.Variable(self.config.learning_rate)
        self.updates = tf.Variable(0)

    def apply_schedules(self) -> None:
        """Do nothing: its step size is fixed, and it does not explore."""

    def loss(self, values: tf.Tensor, chosen: tf.Tensor, target: tf.Tensor, settings: Any) -> tf.Tensor:
        return super().loss(values, chosen, target, settings) + settings.alpha * conservative_penalty(values, chosen)

    def update_on(self, batch: ReplayBatch) -> Mapping[str, tf.Tensor]:
        batch = batch._replace(
            observation=self.pure_features(batch.observation),
            next_observation=self.pure_features(batch.next_observation),
        )
        variables = self.parameters()
        parameters = tf.nest.map_structure(tf.convert_to_tensor, variables)
        copy = self.updates % self.config.target_update_every == 0
        parameters = copied(parameters, copy)
        parameters, metrics = self.update_step(parameters, batch, self.rate, self.config)
        assign(variables, averaged(parameters, self.config.average_decay))
        self.updates.assign_add(1)
        return dict(zip(self.pure_metrics, tf.unstack(metrics), strict=True))

    def act_batch(self, observations: np.ndarray, explore: bool = False) -> np.ndarray:
        return self.action_values(observations).argmax(axis=-1)

    def gauges(self) -> dict[str, float]:
        return {}

    def end_updates(self) -> None:
        self.renew_forwards()
