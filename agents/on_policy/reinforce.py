"""REINFORCE: the policy gradient from whole returns, the simplest there is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import tensorflow as tf

from agents.on_policy.agent import OnPolicyAgent
from agents.on_policy.settings import REINFORCESettings
from agents.on_policy.state import Estimates
from agents.parts.returns import lambda_returns
from agents.transitions import Batch, Transition
from lab.config import Settings


class REINFORCE(OnPolicyAgent):
    """The policy gradient of whole episodes' returns (Williams 1992, "Simple Statistical Gradient-Following").

    With `baseline`, returns are compared with a learnt value (Sutton and Barto 2018, section 13.4). An episode's
    return ends where it terminates or is cut off; steps of an episode that goes on after the rollout have no return
    yet and are left out (`finished` is the fraction that is not), so a rollout should be several episodes long.
    """

    Settings: ClassVar[type[Settings]] = REINFORCESettings
    metric_names: ClassVar[tuple[str, ...]] = (*OnPolicyAgent.metric_names, "finished")

    def estimates(self, settings: Any, rollout: Transition, values: tf.Tensor, next_values: tf.Tensor) -> Estimates:
        ended = rollout.terminated | rollout.truncated
        discounts = settings.discount * (1.0 - tf.cast(ended, tf.float32))
        returns = lambda_returns(rollout.reward, discounts, tf.zeros_like(values), 1.0, ended)
        times = tf.range(ended.shape[0], dtype=tf.int32)[:, None]
        # Not a cumulative sum, which XLA computes on processors in time quadratic in a rollout's length.
        finished = times <= tf.reduce_max(tf.where(ended, times, -1), axis=0)
        return Estimates(returns - values, returns, tf.cast(finished, tf.float32))

    def complaint(self, row: Mapping[str, Any]) -> str:
        if row.get("finished") == 0.0:
            return (
                f"no episode ended within a rollout of {self.config.rollout_steps} steps, so nothing is learnt. Fix: "
                "rollout_steps several times as long as an episode, summed over environments."
            )
        return super().complaint(row)

    def policy_losses(
        self, log_probability: tf.Tensor, batch: Batch, settings: Any
    ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        return -log_probability * batch.extras["advantage"], {"finished": tf.reduce_mean(batch.weights)}
