"""OnPolicyAgent: the base of agents that learn from rollouts of their present policy."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf

from agents.functional import AgentState, Choice, FunctionalAgent, Learnt
from agents.functional.state import in_numpy
from agents.on_policy.parts.acting import ActorInNumPy
from agents.on_policy.parts.arrangement import Arrangement
from agents.on_policy.parts.building import actor_of, check_mask, check_rollout, critic_of
from agents.on_policy.parts.landscape import OnPolicyLandscape
from agents.on_policy.parts.scaling import left_off, no_rewards, normalised, scaled, statistics_variables, with_rollout
from agents.on_policy.settings import OnPolicySettings
from agents.on_policy.state import Estimates, Parameters, Weights
from agents.parts import observations
from agents.parts.exporting import of_policy
from agents.parts.heads import deviations, head_for, masked
from agents.parts.networks.networks import Networks
from agents.parts.normalising import LIMIT, standardised, with_rows
from agents.parts.schedules import FallingRate
from agents.replay import Rollouts
from agents.transitions import Batch, Transition
from lab.config import Settings
from lab.exporting import Exportable
from lab.training.adam import Moments, adam, clipped, flat, no_moments


class OnPolicyAgent(FallingRate, Arrangement, OnPolicyLandscape, Networks, FunctionalAgent):
    """Learns a policy and a value from rollouts of that policy; a subclass gives `estimates` and `policy_losses`.

    Probabilities and values are computed for a whole rollout at once, when it is complete; acting takes the policy
    network alone.

    Attributes:
        head: What distribution over actions the policy network's outputs stand for.
    """

    Settings: ClassVar[type[Settings]] = OnPolicySettings
    # Whole rollouts of all defaults, and few rounds of updates would fall into shorter spans.
    default_steps: ClassVar[int] = 49 * 2048
    default_log_every: ClassVar[int] = 4_000
    tensor_settings: ClassVar[tuple[str, ...]] = (
        *("learning_rate", "learning_rate_end", "learning_rate_steps", "adam_epsilon", "discount", "value_weight"),
        *("entropy_weight", "gradient_clip"),
    )
    metric_names: ClassVar[tuple[str, ...]] = ("policy_loss", "value_loss", "entropy", "gradient_norm")
    training_state: ClassVar[tuple[str, ...]] = ("memory", "moments", "rewards", "halted")
    not_state: tuple[str, ...] = ("head", "acting", "rate_steps", "metric_names")
    kept: ClassVar[frozenset[str]] = FunctionalAgent.kept | {
        *("head", "actor", "critic", "free", "observed", "moments", "rewards", "halted", "acting"),
        *("rate_steps", "metric_names"),
    }

    def check_spaces(self) -> None:
        name, c = type(self).__name__, self.config
        self.check_observation_space()
        self.head = head_for(name, self.action_space, c.policy, c.deviation_by_state, float(np.log(c.deviation_start)))
        check_rollout(name, c, self.num_envs)
        if c.action_mask:
            check_mask(name, self.observation_space, self.action_space, self.head)

    def build_networks(self) -> None:
        self.actor = actor_of(self)
        self.critic = critic_of(self)
        self.free = (tf.Variable(self.head.free),) if len(self.head.free) else ()
        size = (observations.number_of_features(self.observation_space),)
        self.observed = statistics_variables(size) if self.config.normalise_observations else ()
        self.moments = Moments(*map(tf.Variable, no_moments(tf.nest.flatten(self.weights()))))
        self.rewards = no_rewards(self.num_envs) if self.config.normalise_rewards else ()
        self.halted = (tf.Variable(0.0),) if self.halts else ()
        if self.head.continuous:
            self.metric_names = (*type(self).metric_names, "deviation")  # type: ignore[misc]
        self.acting = ActorInNumPy(self)

    def resize(self, number: int) -> None:
        check_rollout(type(self).__name__, self.config, number)
        super().resize(number)
        self.rewards = no_rewards(number, self.rewards.statistics) if self.rewards else ()

    def leave_episodes(self, rows: np.ndarray) -> None:
        super().leave_episodes(rows)
        left_off(self, rows)

    def build_definition(self) -> None:
        for name in ("observed", "moments", "rewards", "halted", "acting"):
            vars(self).pop(name, None)

    @property
    def network_inputs(self) -> int | None:
        """How many numbers the two networks are given; None for the features of an observation."""
        return None

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

    def unread_settings(self) -> dict[str, str]:
        c, unread = self.config, self.unread_of_networks()
        if not self.head.continuous:
            why = "the actions are whole numbers"
            unread |= dict.fromkeys(("policy", "deviation_by_state", "deviation_start"), why)
        elif c.policy == "beta":
            unread["deviation_start"] = "a Beta distribution has none"
        if c.learning_rate == c.learning_rate_end:
            unread["learning_rate_steps"] = "learning_rate and learning_rate_end are equal"
        return unread

    def complaint(self, row: Mapping[str, Any]) -> str:
        return deviations.complaint(row.get("deviation"), "a larger entropy_weight", "a smaller entropy_weight")

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

    def policy_rows(self, p: Parameters, observed: tf.Tensor) -> tf.Tensor:
        """Return what the policy's head takes, float32 (n, width), for observations (n, ...)."""
        return self.rows(p.weights, self.features(p.observations, observed), observed)

    @in_numpy("act_in_numpy")
    def policy(self, state: AgentState, observations: tf.Tensor, key: tf.Tensor, explore: bool) -> Choice:
        rows = self.policy_rows(state.parameters, observations)
        return Choice(self.head.sample(rows, key) if explore else self.head.mode(rows))

    def begin_round(self, state: AgentState, due: tf.Tensor) -> AgentState:
        p = state.parameters
        return state._replace(parameters=p._replace(halted=tf.nest.map_structure(tf.zeros_like, p.halted)))

    def before_updates(self, state: AgentState, rollout: Transition) -> AgentState:
        p = state.parameters
        if p.rewards == ():
            return state
        after = with_rollout(type(self).__name__, p.rewards, rollout, self.hyperparameters(state).discount)
        return state._replace(parameters=p._replace(rewards=after))

    def prepare(self, state: AgentState, rollout: Transition) -> Batch:
        c, p = self.hyperparameters(state), state.parameters
        whole = self.arranged(rollout)
        known = self.encoded(p, whole)
        one = self.flat(whole)
        log_probability = self.head.log_probability(self.rows(p.weights, known, one.observation), one.action)
        value, next_value = self.value(p.weights, known), self.value(p.weights, self.next_encoded(p, whole, known))
        if p.rewards != ():
            rollout = rollout._replace(reward=scaled(p.rewards, rollout.reward))
        shape = rollout.reward.shape
        found = self.estimates(c, rollout, *(self.in_time(part, shape) for part in (value, next_value)))
        advantage, returns, weights = self.arranged(tuple(found))
        new = {
            "log_probability": tf.reshape(log_probability, whole.reward.shape),
            "value": tf.reshape(value, whole.reward.shape),
            "advantage": advantage,
            "return": returns,
        }
        return Batch(whole.observation, whole.action, whole.reward, (), (), weights, extras={**whole.extras, **new})

    def learn(self, state: AgentState, batch: Batch, key: tf.Tensor) -> Learnt:
        c, p = self.hyperparameters(state), state.parameters
        rows_of, batch = batch, self.flat(batch)
        share = batch.weights / tf.maximum(tf.reduce_sum(batch.weights), 1.0)
        if self.config.normalise_advantages:
            batch = batch._replace(extras={**batch.extras, "advantage": normalised(batch.extras["advantage"], share)})
        with tf.GradientTape() as tape:
            tape.watch(p.weights)
            known = self.encoded(p, rows_of)
            rows = self.rows(p.weights, known, batch.observation)
            log_probability = self.head.log_probability(rows, batch.action)
            losses, metrics = self.policy_losses(log_probability, batch, c)
            values = self.value(p.weights, known)
            policy_loss, entropy = tf.reduce_sum(share * losses), tf.reduce_sum(share * self.head.entropy(rows))
            value_loss = tf.reduce_sum(share * self.value_losses(values, batch, c))
            loss = policy_loss + c.value_weight * value_loss - c.entropy_weight * entropy
        leaves = tf.nest.flatten(p.weights)
        gradient = tape.gradient(loss, leaves, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        gradient, norm = clipped(flat(gradient), c.gradient_clip)
        after, moments = adam(leaves, gradient, p.moments, self.step_size(state), c.adam_epsilon)
        learnt = p._replace(weights=tf.nest.pack_sequence_as(p.weights, after), moments=moments)
        own = {"policy_loss": policy_loss, "value_loss": value_loss, "entropy": entropy, "gradient_norm": norm}
        metrics = {**own, **metrics}
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

    # ---------------------------------------------------------------- the two networks

    def features(self, statistics: Any, observed: Any) -> Any:
        """Return observations (n, ...), an array or a tensor, as the networks take them, float32 (n, d)."""
        rows = observations.features(self.observation_space, observed)
        return rows if isinstance(statistics, tuple) and not statistics else standardised(statistics, rows, LIMIT)

    def rows(self, weights: Weights, features: tf.Tensor, observed: tf.Tensor) -> tf.Tensor:
        """Return what the policy's head takes, float32 (n, width), for features and the observations themselves."""
        outputs = self.actor.stateless_call(list(weights.actor), [], features)[0]
        if self.config.action_mask:
            allowed = observed[:, -self.head.outputs :] > 0.5
            # Without anything to choose nothing is right, and training ends there.
            possible = tf.reduce_any(allowed, axis=-1, keepdims=True)
            outputs = tf.where(possible, masked(outputs, allowed), float("nan"))
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
        if not self.acting.quick:
            return self.rule.choose(observed, rng, explore)[0]
        rows = self.rows_in_numpy(observed)
        return self.head.sample_in_numpy(rows, rng) if explore else self.head.mode_in_numpy(rows)

    def rows_in_numpy(self, observed: np.ndarray) -> np.ndarray:
        """Return what `rows` does, float32 (n, width), for observations (n, ...) as arrays."""
        return self.acting.rows(self, observed)

    def renew_host_forms(self, parameters: list[np.ndarray] | None) -> None:
        self.acting.renew(self, parameters)

    @property
    def number_for_host_forms(self) -> int:
        return len(tf.nest.flatten(self.weights())) + len(self.observed)

    def export_model(self) -> Exportable:
        whole: Any = self.parameters()
        held = whole._replace(moments=(), rewards=(), halted=())

        def rows(observed: tf.Tensor) -> tf.Tensor:
            return self.policy_rows(tf.nest.map_structure(tf.convert_to_tensor, held), observed)

        return of_policy(self, rows, self.head.mode)
