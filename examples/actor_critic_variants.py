"""Actor-critics of your own, from the parts of the on-policy agents; both lanes run them.

Run one with `python examples/actor_critic_variants.py [CLASS] [STEPS] [RUN_DIR]`.
"""

from __future__ import annotations

import dataclasses
import sys

import tensorflow as tf

from agents import A2C, PPO, A2CSettings, PPOSettings
from agents.on_policy import Estimates
from agents.on_policy.ppo import divergence
from agents.parts.returns import v_trace
from agents.replay import Rollouts
from lab import Experiment, setting


@dataclasses.dataclass(frozen=True)
class PenaltyPPOSettings(PPOSettings):
    """Settings of `PenaltyPPO`."""

    penalty: float = setting(1.0, "weight of the divergence from the policy that acted", at_least=0)


class PenaltyPPO(PPO):
    """PPO that pays for divergence instead of clipping ratios (Schulman et al. 2017, "PPO", equation 8)."""

    Settings = PenaltyPPOSettings
    tensor_settings = (*PPO.tensor_settings, "penalty")

    def policy_losses(self, log_probability, batch, settings):
        _, metrics = super().policy_losses(log_probability, batch, settings)
        log_ratio = log_probability - batch.extras["log_probability"]
        gain = tf.exp(log_ratio) * batch.extras["advantage"] - settings.penalty * divergence(log_ratio)
        return -gain, metrics

    def unread_settings(self):
        return {**super().unread_settings(), "clip_range": "the penalty keeps policies near"}


@dataclasses.dataclass(frozen=True)
class VTraceActorCriticSettings(A2CSettings):
    """Settings of `VTraceActorCritic`."""

    rollout_steps: int = setting(256, "environment steps between updates", at_least=1)
    most_weight: float = setting(1.0, "where importance weights are cut off", above=0)


class VTraceActorCritic(A2C):
    """An actor-critic whose targets are V-trace's (Espeholt et al. 2018, "IMPALA", section 4)."""

    Settings = VTraceActorCriticSettings
    tensor_settings = (*A2C.tensor_settings, "most_weight")

    def experience(self):
        return Rollouts(self.config.rollout_steps // self.num_envs)

    def estimates(self, settings, rollout, values, next_values):
        ended = rollout.terminated | rollout.truncated
        discounts = settings.discount * rollout.discount
        # The rollout is of the present policy, so the ratios are 1; a lagging actor would give others.
        ratios, most = tf.zeros_like(values), settings.most_weight
        found = v_trace(rollout.reward, discounts, values, next_values, ended, ratios, most, most)
        return Estimates(found.advantages, found.values, tf.ones_like(values))


def main(kind="PenaltyPPO", steps=None, run_dir=None, environment="CartPole-v1", **settings):
    agent = globals()[kind](**settings)
    experiment = Experiment(agent, environment, num_envs=8, seed=1, run_dir=run_dir or f"runs/{agent.name}")
    experiment.train(steps)
    print(experiment.evaluate())
    return experiment


if __name__ == "__main__":
    main(*sys.argv[1:2], *map(int, sys.argv[2:3]), *sys.argv[3:4])
