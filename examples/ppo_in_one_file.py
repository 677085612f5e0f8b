"""Proximal policy optimisation from parts, all in one file: the rule of `agents.PPO`, to read and to change.

Run it with `python examples/ppo_in_one_file.py [ENVIRONMENT] [STEPS] [RUN_DIR]`.
"""

from __future__ import annotations

import dataclasses
import math
import sys
from typing import Any, NamedTuple

import tensorflow as tf
from gymnasium.spaces import Box, Discrete

from agents import spaces
from agents.functional import Choice, FunctionalAgent, Learnt
from agents.parts import losses
from agents.parts.observations import check_observations, features, network
from agents.parts.returns import generalised_advantages
from agents.parts.schedules import linear
from agents.replay import Rollouts
from agents.transitions import Batch
from envs import random
from lab import Experiment, Settings, setting
from lab.errors import bad_value
from lab.training.adam import Moments, adam, clipped, flat, no_moments


@dataclasses.dataclass(frozen=True)
class OneFilePPOSettings(Settings):
    """Settings of `OneFilePPO`."""

    hidden_sizes: tuple[int, ...] = setting((64, 64), "units of each hidden layer", at_least=1)
    filters: tuple[int, ...] = setting((16,), "filters of each convolution, for pictures", at_least=1)
    rollout_length: int = setting(32, "steps of each environment between rounds of updates", at_least=1)
    epochs: int = setting(10, "times each rollout is gone through", at_least=1)
    minibatches: int = setting(2, "updates an epoch", at_least=1)
    learning_rate: float = setting(2e-3, "Adam's step size at step 0; it falls to 0 over the run", above=0)
    discount: float = setting(0.98, "discount factor", at_least=0, at_most=1)
    gae_lambda: float = setting(0.8, "lambda of generalised advantage estimation", at_least=0, at_most=1)
    clip_range: float = setting(0.2, "how far from 1 a probability ratio pays", above=0)
    value_weight: float = setting(0.5, "weight of the value loss", at_least=0)
    entropy_weight: float = setting(0.0, "weight of the entropy bonus", at_least=0)
    gradient_clip: float = setting(0.5, "largest global norm of a gradient", above=0)


class Weights(NamedTuple):
    """What gradients change; `log_deviation` is of a Box's actions, and () for Discrete ones."""

    actor: Any
    critic: Any
    log_deviation: Any


class Parameters(NamedTuple):
    """What learning changes."""

    weights: Weights
    moments: Moments


def clipped_objective(ratio: tf.Tensor, advantage: tf.Tensor, clip_range: Any) -> tf.Tensor:
    """Return min(r A, clip(r, 1 - e, 1 + e) A) of each row, (B,) (Schulman et al. 2017, equation 7)."""
    return tf.minimum(ratio * advantage, tf.clip_by_value(ratio, 1.0 - clip_range, 1.0 + clip_range) * advantage)


class OneFilePPO(FunctionalAgent):
    """Learns a policy by updates that a clipped objective keeps small (Schulman et al. 2017, "PPO", algorithm 1)."""

    Settings = OneFilePPOSettings
    default_steps = 60_000
    metric_names = ("policy_loss", "value_loss", "entropy", "clipped")
    tensor_settings = (
        *("learning_rate", "discount", "gae_lambda", "clip_range", "value_weight", "entropy_weight", "gradient_clip"),
    )
    extras = {"log_probability": (), "value": ()}  # noqa: RUF012 - never changed
    training_state = (*FunctionalAgent.training_state, "moments")
    kept = FunctionalAgent.kept | {"actor", "critic", "log_deviation", "moments"}

    def check_spaces(self):
        check_observations("OneFilePPO", self.observation_space)
        if not isinstance(self.action_space, (Discrete, Box)):
            raise bad_value("OneFilePPO", "action_space", self.action_space, "Discrete or Box")

    @property
    def discrete(self):
        return isinstance(self.action_space, Discrete)

    def build_networks(self):
        c, shape = self.config, spaces.layout(self.action_space)[0]
        outputs = int(self.action_space.n) if self.discrete else math.prod(shape)
        sizes = (self.observation_space, c.filters, c.hidden_sizes)
        self.actor = network(*sizes, outputs, self.seeds.integer("network", 0))
        self.critic = network(*sizes, 1, self.seeds.integer("network", 1))
        # So that at first all actions are about as likely.
        self.actor.trainable_variables[-2].assign(0.01 * self.actor.trainable_variables[-2])
        self.log_deviation = () if self.discrete else (tf.Variable(tf.zeros(outputs)),)
        self.moments = Moments(*map(tf.Variable, no_moments(tf.nest.flatten(self.weights()))))

    def weights(self):
        networks = (tuple(v.value for v in m.trainable_variables) for m in (self.actor, self.critic))
        return Weights(*networks, self.log_deviation)

    def parameters(self):
        return Parameters(self.weights(), self.moments)

    def experience(self):
        return Rollouts(self.config.rollout_length, self.config.epochs, self.config.minibatches)

    # ---------------------------------------------------------------- the two networks

    def outputs(self, weights, observed):
        """Return the actor's outputs (B, A), or means of a Box's actions, for observations (B, ...)."""
        return self.actor.stateless_call(list(weights.actor), [], features(self.observation_space, observed))[0]

    def value(self, weights, observed):
        """Return the value of each observation, (B,)."""
        given = features(self.observation_space, observed)
        return self.critic.stateless_call(list(weights.critic), [], given)[0][:, 0]

    def evaluate_actions(self, weights, outputs, actions):
        """Return the log-probability of each row's action, and the entropy of what it was drawn from, (B,)."""
        if self.discrete:
            logs = tf.nn.log_softmax(outputs)
            return losses.chosen(logs, actions), -tf.reduce_sum(tf.exp(logs) * logs, axis=-1)
        (log_deviation,) = weights.log_deviation
        away = (tf.reshape(actions, outputs.shape) - outputs) * tf.exp(-log_deviation)
        constant = 0.5 * math.log(2.0 * math.pi) + log_deviation
        entropy = tf.reduce_sum(constant + 0.5) * tf.ones(outputs.shape[0])
        return -tf.reduce_sum(0.5 * tf.square(away) + constant, axis=-1), entropy

    # ---------------------------------------------------------------- the rule

    def policy(self, state, observations, key, explore):
        weights = state.parameters.weights
        outputs = self.outputs(weights, observations)
        if self.discrete:
            # The largest of logits with Gumbel noise is a draw from their softmax (Gumbel 1954).
            noise = -tf.math.log(-tf.math.log(random.uniform(key, outputs.shape, low=1e-7)))
            action = tf.argmax(outputs + (noise if explore else 0.0), axis=-1, output_type=tf.int32)
        else:
            noise = random.normal(key, outputs.shape) * tf.exp(weights.log_deviation[0])
            shape = (outputs.shape[0], *self.action_space.shape)
            action = tf.reshape(outputs + (noise if explore else 0.0), shape)
        log_probability, _ = self.evaluate_actions(weights, outputs, action)
        return Choice(action, {"log_probability": log_probability, "value": self.value(weights, observations)})

    def prepare(self, state, rollout):
        c, t = self.hyperparameters(state), tf.nest.map_structure(lambda x: tf.reshape(x, (-1, *x.shape[2:])), rollout)
        following = tf.reshape(self.value(state.parameters.weights, t.next_observation), rollout.reward.shape)
        kept, ended = c.discount * rollout.discount, rollout.terminated | rollout.truncated
        estimates = generalised_advantages(
            rollout.reward, kept, rollout.extras["value"], following, ended, c.gae_lambda
        )
        advantages, returns = (tf.reshape(x, [-1]) for x in estimates)
        extras = {**t.extras, "advantage": advantages, "return": returns}
        return Batch(t.observation, t.action, t.reward, t.discount, t.next_observation, extras=extras)

    def learn(self, state, batch, key):
        c, (weights, moments), known = self.hyperparameters(state), state.parameters, batch.extras
        mean, variance = tf.nn.moments(known["advantage"], axes=[0])
        advantage = (known["advantage"] - mean) / (tf.sqrt(variance) + 1e-8)
        with tf.GradientTape() as tape:
            tape.watch(weights)
            outputs = self.outputs(weights, batch.observation)
            log_probability, entropies = self.evaluate_actions(weights, outputs, batch.action)
            ratio = tf.exp(log_probability - known["log_probability"])
            policy_loss = -tf.reduce_mean(clipped_objective(ratio, advantage, c.clip_range))
            errors = known["return"] - self.value(weights, batch.observation)
            value_loss, entropy = tf.reduce_mean(tf.square(errors)), tf.reduce_mean(entropies)
            loss = policy_loss + c.value_weight * value_loss - c.entropy_weight * entropy
        leaves = tf.nest.flatten(weights)
        gradient, _ = clipped(flat(tape.gradient(loss, leaves)), c.gradient_clip)
        rate = linear(state.steps, c.learning_rate, 0.0, state.settings["run_length"])
        leaves, moments = adam(leaves, gradient, moments, rate, 1e-5)
        outside = tf.reduce_mean(tf.cast(tf.abs(ratio - 1.0) > c.clip_range, tf.float32))
        metrics = {"policy_loss": policy_loss, "value_loss": value_loss, "entropy": entropy, "clipped": outside}
        return Learnt(Parameters(tf.nest.pack_sequence_as(weights, leaves), moments), metrics, errors)


def main(environment="CartPole-v1", steps=None, run_dir="runs/one_file_ppo", **settings):
    experiment = Experiment(OneFilePPO(**settings), environment, num_envs=8, seed=1, run_dir=run_dir)
    experiment.train(steps)
    print(experiment.evaluate())
    return experiment


if __name__ == "__main__":
    main(*sys.argv[1:2], *map(int, sys.argv[2:3]), *sys.argv[3:4])
