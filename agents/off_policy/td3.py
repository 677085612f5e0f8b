"""TD3 and DDPG: a deterministic actor."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import tensorflow as tf

from agents.off_policy import losses
from agents.off_policy.agent import OffPolicyAgent
from agents.off_policy.kinds import Proposal
from agents.off_policy.settings import DDPGSettings, TD3Settings
from agents.off_policy.state import Parameters
from agents.parts.actions import as_actions, as_actions_tensor
from agents.transitions import Batch
from envs import random
from lab.config import Settings


class TD3(OffPolicyAgent):
    """Learns a deterministic actor by the first of two critics, whose targets are smoothed and pessimistic.

    Fujimoto et al. 2018, "Addressing Function Approximation Error in Actor-Critic Methods", algorithm 1: the lesser of
    both critics in the target, noise on the target's actions, and an actor and targets that move less often.
    """

    Settings: ClassVar[type[Settings]] = TD3Settings
    targets_wait: ClassVar[bool] = True
    tensor_settings: ClassVar[tuple[str, ...]] = (
        *OffPolicyAgent.tensor_settings,
        *("exploration_noise", "target_noise", "target_noise_clip"),
    )

    @property
    def actor_outputs(self) -> int:
        return self.kind.inputs

    def build_networks(self) -> None:
        super().build_networks()
        self.actor_target = tuple(tf.Variable(v.value) for v in self.actor.trainable_variables)

    def unread_settings(self) -> dict[str, str]:
        unread = super().unread_settings()
        if self.config.target_noise == 0.0:
            unread["target_noise_clip"] = "there is no target_noise"
        return unread

    # ---------------------------------------------------------------- the rule

    def proposed(self, parameters: Parameters, following: tf.Tensor, key: tf.Tensor, settings: Any) -> Proposal:
        actions = tf.tanh(self.rows(parameters.actor_target, following))
        return Proposal(losses.smoothed(actions, key, settings.target_noise, settings.target_noise_clip), ())

    def actor_losses(
        self, actor: Any, parameters: Parameters, batch: Batch, observed: tf.Tensor, key: tf.Tensor
    ) -> tuple[tf.Tensor, tuple[tf.Tensor, ...]]:
        rows = tf.concat([observed, tf.tanh(self.rows(actor, observed))], axis=-1)
        first, statistics = ([part[:1] for part in parts] for parts in (parameters.critics, parameters.statistics))
        return -self.kind.values(self.ensemble(first, rows, statistics))[0], ()

    # ---------------------------------------------------------------- acting

    def greedy(self, rows: tf.Tensor) -> tf.Tensor:
        return tf.cast(as_actions_tensor(self.action_space, tf.tanh(rows)), tf.float32)

    def explored(self, rows: tf.Tensor, key: tf.Tensor, settings: Any) -> tf.Tensor:
        noise = random.normal(key, rows.shape) * settings.exploration_noise
        units = tf.clip_by_value(tf.tanh(rows) + noise, -1.0, 1.0)
        return tf.cast(as_actions_tensor(self.action_space, units), tf.float32)

    def greedy_in_numpy(self, rows: np.ndarray) -> np.ndarray:
        return as_actions(self.action_space, np.tanh(rows))

    def explored_in_numpy(self, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        noise = rng.standard_normal(rows.shape, np.float32) * np.float32(self.config.exploration_noise)
        return as_actions(self.action_space, np.clip(np.tanh(rows) + noise, -1.0, 1.0))


class DDPG(TD3):
    """Learns a deterministic actor by one critic (Lillicrap et al. 2016, "Continuous Control with Deep Reinforcement
    Learning", algorithm 1): TD3 without its three additions, and with Gaussian noise in training."""

    Settings: ClassVar[type[Settings]] = DDPGSettings
