"""PPO: several epochs of updates on each rollout, kept near the policy that acted by a clipped objective."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import tensorflow as tf

from agents.on_policy.agent import OnPolicyAgent
from agents.on_policy.settings import PPOSettings
from agents.on_policy.state import Estimates
from agents.parts.returns import generalised_advantages
from agents.replay import Rollouts
from agents.transitions import Batch, Transition
from lab.config import Settings


def clipped_objective(ratio: tf.Tensor, advantage: tf.Tensor, clip_range: Any) -> tf.Tensor:
    """Return min(r A, clip(r, 1 - e, 1 + e) A) of each row, (B,) (Schulman et al. 2017, equation 7)."""
    return tf.minimum(ratio * advantage, tf.clip_by_value(ratio, 1.0 - clip_range, 1.0 + clip_range) * advantage)


def divergence(log_ratio: tf.Tensor) -> tf.Tensor:
    """Return (r - 1) - log r of each row, whose mean estimates KL(old, new) (Schulman 2020, "Approximating KL")."""
    return tf.exp(log_ratio) - 1.0 - log_ratio


class PPO(OnPolicyAgent):
    """Proximal policy optimisation (Schulman et al. 2017, "Proximal Policy Optimization Algorithms", algorithm 1).

    Advantages by generalised estimation. Once a minibatch's mean divergence exceeds `largest_kl`, it and the others of
    its round are left out.
    """

    Settings: ClassVar[type[Settings]] = PPOSettings
    metric_names: ClassVar[tuple[str, ...]] = (*OnPolicyAgent.metric_names, "divergence", "clipped")
    tensor_settings: ClassVar[tuple[str, ...]] = (
        *(*OnPolicyAgent.tensor_settings, "gae_lambda", "clip_range", "value_clip_range"),
    )

    def experience(self) -> Rollouts:
        c = self.config
        return Rollouts(c.rollout_steps // self.num_envs, c.epochs, c.rollout_steps // c.minibatch_size)

    @property
    def halts(self) -> bool:
        return math.isfinite(self.config.largest_kl)

    def estimates(self, settings: Any, rollout: Transition, values: tf.Tensor, next_values: tf.Tensor) -> Estimates:
        return generalised(settings, rollout, values, next_values)

    def policy_losses(
        self, log_probability: tf.Tensor, batch: Batch, settings: Any
    ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        log_ratio = log_probability - batch.extras["log_probability"]
        ratio = tf.exp(log_ratio)
        outside = tf.reduce_mean(tf.cast(tf.abs(ratio - 1.0) > settings.clip_range, tf.float32))
        metrics = {"divergence": tf.reduce_mean(divergence(log_ratio)), "clipped": outside}
        return -clipped_objective(ratio, batch.extras["advantage"], settings.clip_range), metrics

    def value_losses(self, values: tf.Tensor, batch: Batch, settings: Any) -> tf.Tensor:
        old, returns, limit = batch.extras["value"], batch.extras["return"], settings.value_clip_range
        near = old + tf.clip_by_value(values - old, -limit, limit)
        return tf.maximum(tf.square(values - returns), tf.square(near - returns))

    def stops(self, metrics: Mapping[str, tf.Tensor], settings: Any) -> tf.Tensor:
        return metrics["divergence"] > settings.largest_kl


def generalised(settings: Any, rollout: Transition, values: tf.Tensor, next_values: tf.Tensor) -> Estimates:
    """Return generalised advantage estimates of a rollout; see `OnPolicyAgent.estimates`."""
    ended = rollout.terminated | rollout.truncated
    discounts = settings.discount * rollout.discount
    found = generalised_advantages(rollout.reward, discounts, values, next_values, ended, settings.gae_lambda)
    return Estimates(found.advantages, found.returns, tf.ones_like(values))
