"""OffPolicyAgent: the base of agents that learn an actor and critics from replayed transitions."""

from __future__ import annotations

import dataclasses
import functools
from abc import abstractmethod
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf

from agents.functional import AgentState, Choice, FunctionalAgent, Learnt
from agents.functional.state import in_numpy
from agents.off_policy import losses
from agents.off_policy.ensemble import Ensemble
from agents.off_policy.kinds import BoxActions, DiscreteActions, Proposal, box_of
from agents.off_policy.landscape import OffPolicyLandscape
from agents.off_policy.settings import OffPolicySettings
from agents.off_policy.state import Parameters, changed_if, stepped
from agents.parts import observations
from agents.parts.exporting import of_policy
from agents.parts.losses import bootstrapped_target
from agents.replay import Replay
from agents.replay.experience import replay_of_settings
from agents.transitions import Batch
from envs import random
from lab.config import Settings
from lab.errors import UsageError
from lab.exporting import Exportable
from lab.networks import Forward
from lab.training.adam import Moments, adam, flat, no_moments, towards


class OffPolicyAgent(OffPolicyLandscape, FunctionalAgent):
    """Learns critics by their own targets and an actor by the critics, from replayed transitions.

    A subclass gives `proposed`, `actor_losses`, `explored` and `greedy`, and where it differs `next_values`. Networks
    see actions in units of half their range, [-1, 1]; environments and the replay have them in their own.

    Attributes:
        kind: What the space's actions are to critics and policy.
        ensemble: The critics' function.
        targets_wait: Whether target networks move with the actor only, or with every update of the critics.
    """

    Settings: ClassVar[type[Settings]] = OffPolicySettings
    default_steps: ClassVar[int] = 20_000
    targets_wait: ClassVar[bool] = False
    # Names of what the actor's update reports, beside `critic_loss` and `value`.
    reported: ClassVar[tuple[str, ...]] = ("actor_loss",)
    metric_names: ClassVar[tuple[str, ...]] = ("critic_loss", "value", "actor_loss")
    tensor_settings: ClassVar[tuple[str, ...]] = ("learning_rate", "adam_epsilon", "discount", "target_decay")
    training_state: ClassVar[tuple[str, ...]] = (
        *("memory", "critics", "targets", "actor_target", "actor_moments", "critic_moments", "statistics", "reports"),
        "temperature",
    )
    not_state: tuple[str, ...] = ("kind", "ensemble", "forward")
    kept: ClassVar[frozenset[str]] = FunctionalAgent.kept | {
        *("kind", "ensemble", "forward", "actor", "critics", "targets", "actor_target", "actor_moments"),
        *("critic_moments", "statistics", "reports", "temperature"),
    }

    def check_spaces(self) -> None:
        name, space = type(self).__name__, self.observation_space
        observations.check_observations(name, space)
        if observations.is_picture(space):
            raise UsageError(
                f"{name} received pictures, {space}; expected a flat Box or Discrete. "
                "Fix: gymnasium.wrappers.FlattenObservation, or observations that are features of them."
            )
        self.kind = self.kind_of_actions()

    def kind_of_actions(self) -> BoxActions | DiscreteActions:
        """Return what the space's actions are to critics and policy (hook)."""
        return box_of(type(self).__name__, self.action_space)

    @property
    def actor_outputs(self) -> int:
        """Numbers that the actor gives a row (hook)."""
        return self.kind.head.outputs

    def build_networks(self) -> None:
        c = self.config
        self.actor = self.network(self.seeds.integer("network", 0))
        inputs = observations.number_of_features(self.observation_space) + self.kind.inputs
        self.ensemble = Ensemble(c.critics, inputs, c.hidden_sizes, self.kind.outputs, c.critic_normalisation)
        start = self.ensemble.start(self.seeds.integer("network", 1))
        self.critics = tuple(map(tf.Variable, start))
        self.targets = () if self.ensemble.batch else tuple(map(tf.Variable, start))
        self.actor_target: tuple[tf.Variable, ...] = ()
        self.statistics = tuple(map(tf.Variable, self.ensemble.no_statistics()))
        self.actor_moments = Moments(*map(tf.Variable, no_moments(self.actor.trainable_variables)))
        self.critic_moments = Moments(*map(tf.Variable, no_moments(self.critics)))
        self.temperature: tuple[Any, ...] = ()
        self.reports = tuple(tf.Variable(0.0) for _ in self.reported)
        self.forward = Forward(self.actor)

    def network(self, seed: int) -> keras.Model:
        """Build the actor from features float32 (B, d) to outputs (B, `actor_outputs`) (hook)."""
        return observations.network(self.observation_space, (), self.config.hidden_sizes, self.actor_outputs, seed)

    def build_definition(self) -> None:
        for name in (*self.training_state, "forward"):
            vars(self).pop(name, None)

    def parameters(self) -> Parameters:
        actor = tuple(v.value for v in self.actor.trainable_variables)
        moments = self.actor_moments, self.critic_moments
        rest = self.actor_target, self.targets, self.statistics, self.temperature, self.reports
        return Parameters(actor, self.critics, *moments, *rest)

    def experience(self) -> Replay:
        return dataclasses.replace(replay_of_settings(type(self).__name__, self.config), n_steps=self.config.n_steps)

    def unread_settings(self) -> dict[str, str]:
        if self.config.critic_normalisation == "batch" and not self.actor_target:
            return {"target_decay": "with batch normalisation there are no target networks"}
        return {}

    # ---------------------------------------------------------------- what variants override

    @abstractmethod
    def proposed(self, parameters: Parameters, following: tf.Tensor, key: tf.Tensor, settings: Any) -> Proposal:
        """Return what the policy would do next, by which targets value what follows.

        Args:
            parameters: Before the update.
            following: float32 (B, d), features of what followed.
            key: uint32 (2,).
            settings: Has the settings' names, as numbers or as tensors ().
        """

    @abstractmethod
    def actor_losses(
        self, actor: Any, parameters: Parameters, batch: Batch, observed: tf.Tensor, key: tf.Tensor
    ) -> tuple[tf.Tensor, tuple[tf.Tensor, ...]]:
        """Return the actor's loss of each row, float32 (B,), and what is to be known of the batch beside it, () each.

        Args:
            actor: Its weights, which the gradient is taken of.
            parameters: With the critics after their update.
            batch, observed: Of B rows, and the features of their observations, float32 (B, d).
            key: uint32 (2,).
        """

    def next_values(self, least: tf.Tensor, proposal: Proposal, parameters: Parameters) -> tf.Tensor:
        """Return the value of what follows, float32 (B,), by the critics' least, (B,) or (B, A) if Discrete (hook)."""
        return self.kind.expected(least, proposal.logs)

    def after_actor(self, parameters: Parameters, known: tuple[tf.Tensor, ...], state: AgentState) -> Parameters:
        """Return the parameters after what goes with the actor's update (hook).

        Args:
            parameters: After it.
            known: As `actor_losses` returned it, float32 () each.
            state: Before the update; it has the settings.
        """
        return parameters

    @abstractmethod
    def greedy(self, rows: tf.Tensor) -> tf.Tensor:
        """Return the action of each of the actor's outputs (n, ...): int32 if Discrete, else float32 in its unit."""

    @abstractmethod
    def explored(self, rows: tf.Tensor, key: tf.Tensor, settings: Any) -> tf.Tensor:
        """Return what training acts by for each of the actor's outputs (n, ...), int32 or float32 as of `greedy`."""

    @abstractmethod
    def greedy_in_numpy(self, rows: np.ndarray) -> np.ndarray:
        """Return what `greedy` does, for an array float32 (n, outputs): int64, or in the dtype of a Box, (n, ...)."""

    @abstractmethod
    def explored_in_numpy(self, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return what `explored` does, for arrays float32 (n, outputs); the draws are the generator's own."""

    # ---------------------------------------------------------------- the rule

    @in_numpy("act_in_numpy")
    def policy(self, state: AgentState, observations: tf.Tensor, key: tf.Tensor, explore: bool) -> Choice:
        rows = self.rows(state.parameters.actor, self.features(observations))
        if not explore:
            return Choice(self.greedy(rows))
        own, uniform = random.split(key)
        chosen = self.explored(rows, own, self.hyperparameters(state))
        first = state.steps < self.config.learning_starts
        return Choice(tf.where(first, self.kind.uniform(chosen.shape[0], uniform), chosen))

    def learn(self, state: AgentState, batch: Batch, key: tf.Tensor) -> Learnt:
        c, p = self.hyperparameters(state), state.parameters
        critic_key, actor_key = random.split(key)
        observed = self.features(batch.observation)
        p, loss, value, errors = self.with_critics(state, batch, observed, critic_key)

        def with_actor(part: Parameters) -> Parameters:
            whole = part._replace(critics=p.critics, statistics=p.statistics)
            after = self.with_actor(state, whole, batch, observed, actor_key)
            if self.targets_wait:
                after = self.with_targets(after, c.target_decay)
            return after._replace(critics=(), statistics=())

        part = p._replace(critics=(), critic_moments=(), statistics=())
        if self.config.actor_every == 1:
            after = with_actor(part)
        else:
            due = tf.cast(p.critic_moments.count, tf.int32) % self.config.actor_every == 0
            after = changed_if(due, with_actor, part)
        p = after._replace(critics=p.critics, critic_moments=p.critic_moments, statistics=p.statistics)
        if not self.targets_wait:
            p = self.with_targets(p, c.target_decay)
        metrics = dict(zip(self.reported, p.reports, strict=True))
        return Learnt(p, {"critic_loss": loss, "value": value, **metrics}, errors)

    def with_critics(
        self, state: AgentState, batch: Batch, observed: tf.Tensor, key: tf.Tensor
    ) -> tuple[Parameters, tf.Tensor, tf.Tensor, tf.Tensor]:
        """Make one update of the critics; return parameters, loss () and mean value (), errors (B,), float32 each."""
        c, p, kind, ensemble = self.hyperparameters(state), state.parameters, self.kind, self.ensemble
        own, some = random.split(key)
        following = self.features(batch.next_observation)
        proposal = self.proposed(p, following, own, c)
        chosen = losses.some_of(some, self.config.critics, self.config.critics_in_target)
        now = tf.concat([observed, kind.taken(batch.action)], axis=-1)
        then = tf.stop_gradient(tf.concat([following, proposal.actions], axis=-1))

        def target_of(outputs: tf.Tensor) -> tf.Tensor:
            least = losses.least(kind.values(outputs), chosen)
            return bootstrapped_target(batch.reward, batch.discount, self.next_values(least, proposal, p))

        # Without targets the critics see both halves of a transition as one batch (Bhatt et al. 2024, section 3.2).
        target = None if ensemble.batch else target_of(ensemble(p.targets, then))
        with tf.GradientTape() as tape:
            tape.watch(p.critics)
            if target is None:
                both, statistics = ensemble.train(p.critics, tf.concat([now, then], axis=0), p.statistics)
                outputs, next_outputs = tf.split(both, 2, axis=1)
                target = target_of(tf.stop_gradient(next_outputs))
            else:
                outputs, statistics = ensemble(p.critics, now), p.statistics
            values = kind.of_taken(outputs, batch.action)
            loss = tf.reduce_mean(batch.weights * losses.critic_losses(values, target))
        gradient = flat(tape.gradient(loss, p.critics))
        critics, moments = adam(p.critics, gradient, p.critic_moments, c.learning_rate, c.adam_epsilon)
        errors = target - tf.reduce_mean(values, axis=0)
        p = p._replace(critics=critics, critic_moments=moments, statistics=statistics)
        return p, loss, tf.reduce_mean(values), errors

    def with_actor(
        self, state: AgentState, p: Parameters, batch: Batch, observed: tf.Tensor, key: tf.Tensor
    ) -> Parameters:
        """Return the parameters after one update of the actor, by features float32 (B, d)."""
        c = self.hyperparameters(state)
        rate, epsilon, moments = c.learning_rate, c.adam_epsilon, p.actor_moments
        rows_of = functools.partial(self.actor_losses, parameters=p, batch=batch, observed=observed, key=key)
        actor, moments, loss, known = stepped(rows_of, p.actor, moments, rate, epsilon)
        reports = (loss, *known)[: len(self.reported)]
        return self.after_actor(p._replace(actor=actor, actor_moments=moments, reports=reports), known, state)

    def with_targets(self, p: Parameters, decay: Any) -> Parameters:
        """Return the parameters after the target networks have moved."""
        targets, actor = towards(p.targets, p.critics, 1.0 - decay), towards(p.actor_target, p.actor, 1.0 - decay)
        return p._replace(targets=targets, actor_target=actor)

    def features(self, observed: Any) -> Any:
        """Return observations (n, ...), an array or a tensor, as the networks take them, float32 (n, d)."""
        return observations.features(self.observation_space, observed)

    def rows(self, actor: Any, features: tf.Tensor) -> tf.Tensor:
        """Return the actor's outputs, float32 (n, outputs), under explicit weights."""
        return self.actor.stateless_call(list(actor), [], features)[0]

    # ---------------------------------------------------------------- acting in NumPy

    def act_in_numpy(self, observed: np.ndarray, explore: bool) -> np.ndarray:
        """Choose actions as `policy` does, (n, ...), int64 if Discrete, else floats; by draws of NumPy's generators."""
        rng = self.exploration if explore else self.evaluation_rng
        if explore and self.steps < self.config.learning_starts:
            return self.kind.uniform_in_numpy(len(observed), rng)
        if self.forward.mirror is None:
            return self.rule.choose(observed, rng, explore)[0]
        rows = self.rows_in_numpy(observed)
        return self.explored_in_numpy(rows, rng) if explore else self.greedy_in_numpy(rows)

    def rows_in_numpy(self, observed: np.ndarray) -> np.ndarray:
        """Return the actor's outputs, float32 (n, outputs), for observations (n, ...) as arrays."""
        if self.forward.stale or self.forward.mirror is None:
            self.settle()
        return self.forward(self.features(observed))

    def renew_host_forms(self, parameters: list[np.ndarray] | None) -> None:
        self.forward.renew(parameters)

    @property
    def number_for_host_forms(self) -> int:
        return len(self.actor.trainable_variables)

    def export_model(self) -> Exportable:
        return of_policy(self, lambda observed: self.actor(self.features(observed)), self.greedy)
