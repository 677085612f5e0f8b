"""A2C: one update on each short rollout."""

from __future__ import annotations

from typing import Any, ClassVar

import tensorflow as tf

from agents.on_policy.agent import OnPolicyAgent
from agents.on_policy.ppo import generalised
from agents.on_policy.settings import A2CSettings
from agents.on_policy.state import Estimates
from agents.transitions import Batch, Transition
from lab.config import Settings


class A2C(OnPolicyAgent):
    """Advantage actor-critic in synchronous steps (Mnih et al. 2016, "Asynchronous Methods for Deep RL", section 4).

    Advantages by generalised estimation, whose lambda of 1 gives the paper's returns of up to as many steps as a
    rollout has.
    """

    Settings: ClassVar[type[Settings]] = A2CSettings
    tensor_settings: ClassVar[tuple[str, ...]] = (*OnPolicyAgent.tensor_settings, "gae_lambda")

    def estimates(self, settings: Any, rollout: Transition, values: tf.Tensor, next_values: tf.Tensor) -> Estimates:
        return generalised(settings, rollout, values, next_values)

    def policy_losses(
        self, log_probability: tf.Tensor, batch: Batch, settings: Any
    ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        return -log_probability * batch.extras["advantage"], {}
