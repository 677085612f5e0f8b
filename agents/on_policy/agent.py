"""OnPolicyAgent: the base of agents that learn from rollouts of their present policy."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

import numpy as np
import tensorflow as tf
from gymnasium.spaces import Discrete

from agents.functional import AgentState, Choice, FunctionalAgent, Learnt
from agents.functional.state import in_numpy
from agents.on_policy.building import actor_of, check_mask, check_rollout, critic_of
from agents.on_policy.settings import OnPolicySettings
from agents.on_policy.state import Parameters, Rewards, Weights
from agents.parts import observations
from agents.parts.exporting import of_observations
from agents.parts.heads import head_for, masked
from agents.parts.normalising import RunningStatistics, discounted_sums, no_statistics, standardised, with_rows
from agents.parts.schedules import linear
from agents.replay import Rollouts
from agents.transitions import Batch, Transition
from lab.config import Settings
from lab.errors import UsageError
from lab.exporting import Exportable
from lab.networks import Forward
from lab.training.adam import Moments, adam, clipped, flat, no_moments

# Where normalised observations, and scaled rewards, are cut off (Stable-Baselines3's and OpenAI Baselines' value).
LIMIT = 10.0


class Estimates(NamedTuple):
    """What a rollout says about its actions, all float32 (T, n).

    Attributes:
        advantages: How much better than expected each action went.
        returns: What the values should come to.
        weights: Of the rows in the losses: 0 where nothing can be said.
    """

    advantages: tf.Tensor
    returns: tf.Tensor
    weights: tf.Tensor


class OnPolicyAgent(FunctionalAgent):
    """Learns a policy and a value from rollouts of that policy; a subclass gives `estimates` and `policy_losses`.

    Probabilities and values are computed for a whole rollout at once, when it is complete; acting takes the policy
    network alone.

    Attributes:
        head: What distribution over actions the policy network's outputs stand for.
    """

    Settings: ClassVar[type[Settings]] = OnPolicySettings
    default_steps: ClassVar[int] = 100_000
    # Few rounds of updates would fall into shorter spans.
    default_log_every: ClassVar[int] = 4_000
    tensor_settings: ClassVar[tuple[str, ...]] = (
        *("learning_rate", "learning_rate_end", "learning_rate_steps", "adam_epsilon", "discount", "value_weight"),
        *("entropy_weight", "gradient_clip"),
    )
    metric_names: ClassVar[tuple[str, ...]] = ("policy_loss", "value_loss", "entropy", "gradient_norm")
    training_state: ClassVar[tuple[str, ...]] = ("memory", "moments", "rewards", "halted")
    not_state: tuple[str, ...] = ("head", "forward", "row", "seen", "rate_steps", "metric_names")
    kept: ClassVar[frozenset[str]] = FunctionalAgent.kept | {
        *("head", "actor", "critic", "free", "observed", "moments", "rewards", "halted", "forward", "row", "seen"),
        *("rate_steps", "metric_names"),
    }

    def check_spaces(self) -> None:
        name, c = type(self).__name__, self.config
        observations.check_observations(name, self.observation_space)
        self.head = head_for(name, self.action_space, c.policy, c.deviation_by_state, float(np.log(c.deviation_start)))
        check_rollout(name, c, self.num_envs)
        if c.action_mask:
            check_mask(name, self.observation_space, self.action_space, self.head)

    def build_networks(self) -> None:
        self.actor, self.critic = actor_of(self), critic_of(self)
        self.free = (tf.Variable(self.head.free),) if len(self.head.free) else ()
        size = (observations.number_of_features(self.observation_space),)
        self.observed = _variables(no_statistics(size)) if self.config.normalise_observations else ()
        self.moments = Moments(*map(tf.Variable, no_moments(tf.nest.flatten(self.weights()))))
        sums = tf.Variable(tf.zeros(self.num_envs))
        self.rewards = Rewards(_variables(no_statistics()), sums) if self.config.normalise_rewards else ()
        self.halted = (tf.Variable(0.0),) if self.halts else ()
        if self.head.continuous:
            self.metric_names = (*type(self).metric_names, "deviation")  # type: ignore[misc]
        self.forward = Forward(self.actor)
        self.row: np.ndarray | None = None
        self.seen: Any = None

    def build_definition(self) -> None:
        for name in ("observed", "moments", "rewards", "halted", "forward", "row", "seen"):
            vars(self).pop(name, None)

    @property
    def halts(self) -> bool:
        """Whether a round of updates may end before all are made."""
        return False

    def weights(self) -> Weights:
        """Return the variables that gradients change."""
        critic = () if self.critic is None else tuple(v.value for v in self.critic.trainable_variables)
        return Weights(tuple(v.value for v in self.actor.trainable_variables), self.free, critic)

    def parameters(self) -> Parameters:
        return Parameters(self.weights(), self.observed, self.moments, self.rewards, self.halted)

    def experience(self) -> Rollouts:
        return Rollouts(self.config.rollout_steps // self.num_envs)

    def apply_schedules(self) -> None:
        self.rate_steps = self.scheduled("learning_rate_steps")

    def unread_settings(self) -> dict[str, str]:
        c, unread = self.config, dict[str, str]()
        picture = observations.is_picture(self.observation_space)
        if not picture:
            unread["filters"] = "the observations are no pictures"
        else:
            unread["activation"] = "networks for pictures have relu"
        if not self.head.continuous:
            why = "the actions are whole numbers"
            unread |= dict.fromkeys(("policy", "deviation_by_state", "deviation_start"), why)
        elif c.policy == "beta":
            unread["deviation_start"] = "a Beta distribution has none"
        if c.learning_rate == c.learning_rate_end:
            unread["learning_rate_steps"] = "learning_rate and learning_rate_end are equal"
        return unread

    # ---------------------------------------------------------------- what variants override

    @abstractmethod
    def estimates(self, settings: Any, rollout: Transition, values: tf.Tensor, next_values: tf.Tensor) -> Estimates:
        """Return what a rollout says about its actions, as pure TensorFlow.

        Args:
            settings: Has the settings' names, as numbers or as tensors ().
            rollout: Tensors (T, n, ...), rewards scaled.
            values, next_values: float32 (T, n), of observations and of what followed.
        """

    @abstractmethod
    def policy_losses(
        self, log_probability: tf.Tensor, batch: Batch, settings: Any
    ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """Return the policy's loss of each row, (B,), and metrics of one's own, named in `metric_names`.

        Args:
            log_probability: float32 (B,), of the actions under the weights that are learnt.
            batch: Its extras are `log_probability` and `value` (B,), those of the policy that acted, `advantage` and
                `return`.
            settings: Has the settings' names, as numbers or as tensors ().
        """

    def value_losses(self, values: tf.Tensor, batch: Batch, settings: Any) -> tf.Tensor:
        """Return the value's loss of each row, (B,): here the squared error."""
        return tf.square(values - batch.extras["return"])

    def stops(self, metrics: Mapping[str, tf.Tensor], settings: Any) -> tf.Tensor:
        """Return whether this update and the others of its round are left out, bool (); asked where `halts` is true."""
        return tf.constant(False)

    # ---------------------------------------------------------------- the rule

    @in_numpy("act_in_numpy")
    def policy(self, state: AgentState, observations: tf.Tensor, key: tf.Tensor, explore: bool) -> Choice:
        p = state.parameters
        rows = self.rows(p.weights, self.features(p.observations, observations), observations)
        return Choice(self.head.sample(rows, key) if explore else self.head.mode(rows))

    def begin_round(self, state: AgentState, due: tf.Tensor) -> AgentState:
        p = state.parameters
        return state._replace(parameters=p._replace(halted=tf.nest.map_structure(tf.zeros_like, p.halted)))

    def before_updates(self, state: AgentState, rollout: Transition) -> AgentState:
        p = state.parameters
        if p.rewards == ():
            return state
        if rollout.reward.shape[1:] != p.rewards.sums.shape:
            name, number = type(self).__name__, p.rewards.sums.shape[0]
            raise UsageError(
                f"{name} scales the rewards of {number} environments; received {rollout.reward.shape[1]}. "
                f"Fix: num_envs={number}, or a new {name}()."
            )
        ended = rollout.terminated | rollout.truncated
        sums = discounted_sums(rollout.reward, ended, p.rewards.sums, self.hyperparameters(state).discount)
        statistics = with_rows(p.rewards.statistics, tf.reshape(sums, [-1]))
        after = Rewards(statistics, sums[-1] * (1.0 - tf.cast(ended[-1], tf.float32)))
        return state._replace(parameters=p._replace(rewards=after))

    def prepare(self, state: AgentState, rollout: Transition) -> Batch:
        c, p = self.hyperparameters(state), state.parameters
        flat_ = tf.nest.map_structure(lambda part: tf.reshape(part, (-1, *part.shape[2:])), rollout)
        observed = self.features(p.observations, flat_.observation)
        rows = self.rows(p.weights, observed, flat_.observation)
        log_probability = self.head.log_probability(rows, flat_.action)
        value = self.value(p.weights, observed)
        next_value = self.value(p.weights, self.features(p.observations, flat_.next_observation))
        if p.rewards != ():
            scaled = rollout.reward * tf.math.rsqrt(p.rewards.statistics.variance + 1e-8)
            rollout = rollout._replace(reward=tf.clip_by_value(scaled, -LIMIT, LIMIT))
        shape = rollout.reward.shape
        found = self.estimates(c, rollout, tf.reshape(value, shape), tf.reshape(next_value, shape))
        advantage, returns, weights = (tf.reshape(part, [-1]) for part in found)
        extras = {"log_probability": log_probability, "value": value, "advantage": advantage, "return": returns}
        return Batch(flat_.observation, flat_.action, flat_.reward, (), (), weights, extras=extras)

    def learn(self, state: AgentState, batch: Batch, key: tf.Tensor) -> Learnt:
        c, p = self.hyperparameters(state), state.parameters
        observed = self.features(p.observations, batch.observation)
        share = batch.weights / tf.maximum(tf.reduce_sum(batch.weights), 1.0)
        if self.config.normalise_advantages:
            batch = batch._replace(extras={**batch.extras, "advantage": _normalised(batch.extras["advantage"], share)})
        with tf.GradientTape() as tape:
            tape.watch(p.weights)
            rows = self.rows(p.weights, observed, batch.observation)
            log_probability = self.head.log_probability(rows, batch.action)
            losses, metrics = self.policy_losses(log_probability, batch, c)
            values = self.value(p.weights, observed)
            policy_loss, entropy = tf.reduce_sum(share * losses), tf.reduce_sum(share * self.head.entropy(rows))
            value_loss = tf.reduce_sum(share * self.value_losses(values, batch, c))
            loss = policy_loss + c.value_weight * value_loss - c.entropy_weight * entropy
        leaves = tf.nest.flatten(p.weights)
        gradient = tape.gradient(loss, leaves, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        gradient, norm = clipped(flat(gradient), c.gradient_clip)
        after, moments = adam(leaves, gradient, p.moments, self.step_size(state), c.adam_epsilon)
        learnt = p._replace(weights=tf.nest.pack_sequence_as(p.weights, after), moments=moments)
        metrics = {
            "policy_loss": policy_loss,
            "value_loss": value_loss,
            "entropy": entropy,
            "gradient_norm": norm,
            **metrics,
        }
        if self.head.continuous:
            metrics["deviation"] = tf.reduce_mean(self.head.deviation(rows))
        if self.halts:
            (before,) = p.halted
            halted = tf.maximum(before, tf.cast(self.stops(metrics, c), tf.float32))
            learnt = tf.nest.map_structure(lambda old, new: tf.where(halted > 0.0, old, new), p, learnt)
            learnt = learnt._replace(halted=(halted,))
        return Learnt(learnt, metrics, values - batch.extras["return"])

    def after_updates(self, state: AgentState, rollout: Transition) -> AgentState:
        p = state.parameters
        if p.observations == ():
            return state
        flat_ = tf.reshape(rollout.observation, (-1, *rollout.observation.shape[2:]))
        rows = observations.features(self.observation_space, flat_)
        return state._replace(parameters=p._replace(observations=with_rows(p.observations, rows)))

    def step_size(self, state: AgentState) -> tf.Tensor:
        """Return Adam's step size, (): what somebody set, else what the schedule has for the state's steps."""
        c = self.hyperparameters(state)
        falling = linear(state.steps, c.learning_rate, c.learning_rate_end, c.learning_rate_steps)
        return tf.where(state.learning_rate < 0.0, falling, state.learning_rate)

    def planned_rate(self) -> float:
        c = self.config
        value: float = linear(self.steps, c.learning_rate, c.learning_rate_end, self.rate_steps)
        return value

    # ---------------------------------------------------------------- the two networks

    def features(self, statistics: Any, observed: Any) -> Any:
        """Return observations (n, ...), an array or a tensor, as the networks take them, float32 (n, d)."""
        rows = observations.features(self.observation_space, observed)
        return rows if isinstance(statistics, tuple) and not statistics else standardised(statistics, rows, LIMIT)

    def rows(self, weights: Weights, features: tf.Tensor, observed: tf.Tensor) -> tf.Tensor:
        """Return what the policy's head takes, float32 (n, width), for features and the observations themselves."""
        outputs = self.actor.stateless_call(list(weights.actor), [], features)[0]
        if self.config.action_mask:
            outputs = masked(outputs, observed[:, -self.head.outputs :] > 0.5)
        if isinstance(weights.free, tuple) and not weights.free:
            return outputs
        (free,) = weights.free
        return tf.concat([outputs, tf.broadcast_to(free, (outputs.shape[0], free.shape[0]))], axis=-1)

    def value(self, weights: Weights, features: tf.Tensor) -> tf.Tensor:
        """Return the value of each row, (n,); 0 for agents without a critic."""
        if self.critic is None:
            return tf.zeros(features.shape[0])
        return self.critic.stateless_call(list(weights.critic), [], features)[0][:, 0]

    # ---------------------------------------------------------------- acting in NumPy

    def act_in_numpy(self, observed: np.ndarray, explore: bool) -> np.ndarray:
        """Choose an action for each row as `policy` does, (n, ...); its draws are of NumPy's generators."""
        rng = self.exploration if explore else self.evaluation_rng
        if self.forward.mirror is None:
            return self.rule.choose(observed, rng, explore)[0]
        rows = self.rows_in_numpy(observed)
        return self.head.sample_in_numpy(rows, rng) if explore else self.head.mode_in_numpy(rows)

    def rows_in_numpy(self, observed: np.ndarray) -> np.ndarray:
        """Return what `rows` does, for arrays."""
        if self.forward.stale or self.row is None:
            self.settle()
            self.row = self.free[0].numpy() if self.free else np.zeros(0, np.float32)
            self.seen = RunningStatistics(*(part.numpy() for part in self.observed)) if self.observed else ()
        outputs = self.forward(self.features(self.seen, observed))
        if self.config.action_mask:
            outputs = masked(outputs, self._allowed(observed))
        if not len(self.row):
            return outputs
        return np.concatenate([outputs, np.broadcast_to(self.row, (len(outputs), len(self.row)))], axis=-1)

    def _allowed(self, observed: np.ndarray) -> np.ndarray:
        allowed: np.ndarray = observed[:, -self.head.outputs :] > 0.5
        if not allowed.any(axis=-1).all():
            raise UsageError(
                f"{type(self).__name__} received an observation whose action mask allows no action; expected at least "
                "one. Fix: end the episode where nothing can be done."
            )
        return allowed

    def renew_host_forms(self, parameters: list[np.ndarray] | None) -> None:
        if parameters is None:
            self.forward.renew(None)
            return
        number = len(self.actor.trainable_variables)
        self.forward.renew(parameters[:number])
        self.row = parameters[number] if self.free else np.zeros(0, np.float32)
        self.seen = RunningStatistics(*parameters[-3:]) if self.observed else ()

    @property
    def number_for_host_forms(self) -> int:
        return len(tf.nest.flatten(self.weights())) + len(self.observed)

    def export_model(self) -> Exportable:
        self.settle()
        p, dtype = self.parameters(), tf.float32 if self.head.continuous else tf.int32

        def outputs(observed: tf.Tensor) -> tf.Tensor:
            held = tf.nest.map_structure(tf.convert_to_tensor, (p.weights, p.observations))
            rows = self.rows(held[0], self.features(held[1], observed), observed)
            return rows if self.gives_logits else tf.cast(self.head.mode(rows), dtype)

        name, original = ("logits", self.rows_in_numpy) if self.gives_logits else ("actions", self.act_batch)
        return of_observations(self.observation_space, name, outputs, original)

    @property
    def gives_logits(self) -> bool:
        """Whether one action is chosen of several, by logits."""
        return isinstance(self.action_space, Discrete)


def _variables(statistics: RunningStatistics) -> RunningStatistics:
    return RunningStatistics(*(tf.Variable(part, trainable=False) for part in statistics))


def _normalised(advantages: tf.Tensor, share: tf.Tensor) -> tf.Tensor:
    mean = tf.reduce_sum(share * advantages)
    variance = tf.reduce_sum(share * tf.square(advantages - mean))
    return (advantages - mean) * tf.math.rsqrt(variance + 1e-8)
