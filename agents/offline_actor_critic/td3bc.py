"""TD3BC: TD3 whose actor imitates besides; the field writes TD3+BC."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import tensorflow as tf

from agents.off_policy import TD3
from agents.off_policy.state import Parameters
from agents.offline_actor_critic import losses
from agents.offline_actor_critic.agent import OfflineActorCritic
from agents.offline_actor_critic.settings import TD3BCSettings
from agents.transitions import Batch
from lab.config import Settings


class TD3BC(OfflineActorCritic, TD3):
    """TD3 on recorded transitions, whose actor also imitates the recorded actions (Fujimoto and Gu 2021).

    "A Minimalist Approach to Offline Reinforcement Learning", equations 3 to 5: values are scaled to a mean size of
    `alpha` beside the squared error of imitation, and observations by the recording. It does not explore.
    """

    Settings: ClassVar[type[Settings]] = TD3BCSettings
    reported: ClassVar[tuple[str, ...]] = ("actor_loss", "imitation_error")
    metric_names: ClassVar[tuple[str, ...]] = ("critic_loss", "value", *reported)
    tensor_settings: ClassVar[tuple[str, ...]] = ()

    def actor_losses(
        self, actor: Any, parameters: Parameters, batch: Batch, observed: tf.Tensor, key: tf.Tensor
    ) -> tuple[tf.Tensor, tuple[tf.Tensor, ...]]:
        costs, _ = super().actor_losses(actor, parameters, batch, observed, key)
        own, recorded = tf.tanh(self.rows(actor, observed)), self.kind.taken(batch.action)
        errors = tf.reduce_mean(tf.square(own - recorded), axis=-1)
        rows = losses.value_weight(costs, self.config.alpha) * costs + errors
        return rows, (tf.reduce_mean(errors),)

    def explored(self, rows: tf.Tensor, key: tf.Tensor, settings: Any) -> tf.Tensor:
        return self.greedy(rows)

    def explored_in_numpy(self, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return self.greedy_in_numpy(rows)
