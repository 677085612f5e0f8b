"""DQN: Q-learning with a network, replay and a target network (Mnih et al. 2015)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf
from gymnasium.spaces import Discrete

from agents.dqn import exporting
from agents.dqn.layers.tail import with_tail
from agents.dqn.munchausen import munchausen_target
from agents.dqn.networks import begin_alike, checked
from agents.dqn.scaling import Scaled
from agents.dqn.settings import DQNSettings
from agents.dqn.state import Parameters, copied
from agents.dqn.switches import Switches
from agents.dqn.unread import check_reads_masks, unread_beside_others, unread_by_variant
from agents.functional import AgentState, Choice, FunctionalAgent, Learnt, of_steps
from agents.functional.state import in_numpy
from agents.parts import losses, observations
from agents.parts.exploration import epsilon_greedy, explored
from agents.parts.masking.masked import masked
from agents.parts.networks.networks import Networks
from agents.parts.normalising import LIMIT, standardised
from agents.parts.schedules import FallingRate, linear
from agents.transitions import Batch
from envs import random
from lab.config import Settings
from lab.errors import UsageError
from lab.exporting import Exportable
from lab.networks import Forward
from lab.training.adam import Moments, adam, averaged, clipped, flat, no_moments, towards


class DQN(Scaled, Switches, FallingRate, Networks, FunctionalAgent):
    """Learns action values with a network (Mnih et al. 2015, "Human-level control through deep RL", algorithm 1).

    Acts epsilon-greedily by environment step; stores transitions in replay; every `update_every` environment steps
    makes `updates_per_round` updates of the Huber loss in one compiled call. Only terminated episodes end the return;
    truncated ones bootstrap. Greedy play goes by the online network's weights averaged over the updates (Polyak and
    Juditsky 1992), which are steadier than the latest; exploring goes by the latest.

    Settings switch on the variants of the field, in any sum: `double`, `dueling`, `n_steps`, `prioritised`,
    `distribution`, `noisy`, `munchausen`, `target_rate`; `Rainbow` is one such sum.

    A variant of your own overrides `network`, `action_values_of`, `next_actions`, `next_values`, `target_of`,
    `row_losses` or `experience`; both lanes run them.
    """

    Settings: ClassVar[type[Settings]] = DQNSettings
    default_steps: ClassVar[int] = 50_000
    metric_names: ClassVar[tuple[str, ...]] = ("loss", "gradient_norm", "value")
    tensor_settings: ClassVar[tuple[str, ...]] = (
        *("learning_rate", "learning_rate_end", "learning_rate_steps", "adam_epsilon", "discount", "epsilon_start"),
        *("epsilon_end", "epsilon_steps", "epsilon_evaluation", "gradient_clip", "huber_delta"),
    )
    training_state: ClassVar[tuple[str, ...]] = ("memory", "moments", "copies")
    earlier_names: ClassVar[Mapping[str, str]] = {"replay": "", "next_round": "", "target_updates": ""}
    not_state: tuple[str, ...] = (
        *("latest", "greedy", "head", "number_of_actions", "rate_steps", "epsilon_steps", "scale"),
    )
    kept: ClassVar[frozenset[str]] = FunctionalAgent.kept.union(
        not_state, ("online", "target", "average", "moments", "copies", "rate", "updates", "observed")
    )

    def check_spaces(self) -> None:
        name = type(self).__name__
        if not isinstance(self.action_space, Discrete):
            raise UsageError(
                f"{name} received the action space {self.action_space}; expected Discrete. "
                "Fix: discretise the actions, for example with gymnasium.wrappers.DiscretizeAction."
            )
        self.check_observation_space()

    def build_networks(self) -> None:
        vars(self).pop("head", None)  # Of other spaces, where building was refused before.
        self.number_of_actions = int(self.action_space.n)  # type: ignore[attr-defined]
        seed = self.seeds.integer("network")
        self.online, self.target = self._checked_network(seed), self._checked_network(seed)
        self.moments = Moments(*(tf.Variable(m) for m in no_moments(self.online.trainable_variables)))
        self.average = self._checked_network(seed) if self.config.average_decay else None
        self.copies = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.build_scale()
        begin_alike(type(self).__name__, self.online, self.target, self.average)
        self.latest = self._forward(self.online)
        self.greedy = self.latest if self.average is None else self._forward(self.average)

    def build_definition(self) -> None:
        for name in ("online", "target", "average", "moments", "copies", "latest", "greedy", "observed", "head"):
            vars(self).pop(name, None)
        self.online = self._checked_network(0)

    def parameters(self) -> Parameters:
        online, target = (tuple(v.value for v in m.trainable_variables) for m in (self.online, self.target))
        average = () if self.average is None else tuple(v.value for v in self.average.trainable_variables)
        return Parameters(online, target, self.moments, average, self.copies, self.statistics)

    def apply_schedules(self) -> None:
        super().apply_schedules()
        # Kept: it is asked for at every step.
        self.epsilon_steps = self.scheduled("epsilon_steps")

    def unread_settings(self) -> dict[str, str]:
        return {**unread_by_variant(self, DQN), **unread_beside_others(self, DQN)}

    def check_masks(self) -> None:
        check_reads_masks(self, DQN)

    def features(self, observed: Any) -> Any:
        """Return observations (n, ...), an array or a tensor, as the network takes them, float32 (n, d)."""
        return observations.features(self.observation_space, observed)

    def seen(self, parameters: Parameters, observed: tf.Tensor) -> tf.Tensor:
        """Return observations (n, ...) as the network takes them, float32 (n, d), by the statistics of `parameters`."""
        rows = self.features(observed)
        return standardised(parameters.observed, rows, LIMIT) if parameters.observed else rows

    # ---------------------------------------------------------------- what variants override

    def network(self, seed: int) -> keras.Model:
        """Build the network from features float32 (B, d) to outputs: action values (B, A), or what the head takes."""
        c, head = self.config, self.head
        other = c.dueling or c.noisy or head.asks
        made = self.make_network(self.number_of_actions if other else head.shape, seed)
        return with_tail(type(self).__name__, made, head, c, seed) if other else made

    @in_numpy("values_in_numpy")
    def action_values_of(self, outputs: Any) -> tf.Tensor:
        """Return the action values (B, A) that a network's outputs mean: as the setting `distribution` has them."""
        return self.head.values(outputs)

    def next_actions(self, parameters: Parameters, next_features: tf.Tensor) -> tf.Tensor:
        """Return the actions by which what follows is valued, int32 (B,).

        The target network's best (equation 1), or with `double` the online network's (van Hasselt et al. 2016, "Deep
        Reinforcement Learning with Double Q-learning", equation 4).
        """
        weights = parameters.online if self.config.double else parameters.target
        values, allowed = self.values(weights, next_features), parameters.allowed
        best = values if isinstance(allowed, tuple) else masked(values, allowed)
        return tf.argmax(best, axis=-1, output_type=tf.int32)

    def next_values(self, parameters: Parameters, next_features: tf.Tensor) -> tf.Tensor:
        """Return the value of what follows, (B,).

        The target network's value of `next_actions`; with `double` and `pessimism` something between that and the
        lesser of both networks' values of that action (Fujimoto et al. 2019, "Off-Policy Deep Reinforcement Learning
        without Exploration", equation 13), which keeps values from rising without end.
        """
        actions = self.next_actions(parameters, next_features)
        value = losses.chosen(self.values(parameters.target, next_features), actions)
        if not (self.config.double and self.config.pessimism):
            return value
        online = losses.chosen(self.values(parameters.online, next_features), actions)
        return value + self.config.pessimism * tf.minimum(online - value, 0.0)

    def target_of(self, parameters: Parameters, batch: Batch, next_features: tf.Tensor) -> tf.Tensor:
        """Return what the outputs for the actions taken should come to: values (B,), or as the head has them."""
        if self.config.munchausen:
            return munchausen_target(self, parameters, batch, next_features)
        return self.head.greedy_target(self, parameters, batch, next_features)

    def row_losses(
        self, outputs: tf.Tensor, batch: Batch, target: tf.Tensor, settings: Any
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the loss of each row, (B,), and the error by which a sampler may prefer it, (B,).

        Args:
            outputs: float32 (B, ...), the online network's.
            batch: Of B rows.
            target: As `target_of` returned it.
            settings: Has the settings' names, as numbers or as tensors ().
        """
        return self.head.row_losses(outputs, batch, target, settings)

    # ---------------------------------------------------------------- the rule

    @in_numpy("act_in_numpy")
    def policy(self, state: AgentState, observations: tf.Tensor, key: tf.Tensor, explore: bool) -> Choice:
        c, p = self.hyperparameters(state), state.parameters
        weights, epsilon = self.acting_weights(p, explore), c.epsilon_evaluation
        if explore and c.noisy:
            weights, epsilon = self.noised(weights, key, 1), 0.0
        elif explore:
            epsilon = linear(state.steps, c.epsilon_start, c.epsilon_end, c.epsilon_steps)
        draws = random.uniform(key, (2, observations.shape[0]))

        def greedy() -> tf.Tensor:
            values = masked(self.values(weights, self.seen(p, observations)), state.allowed)
            return tf.argmax(values, axis=-1, output_type=tf.int32)

        return Choice(epsilon_greedy(draws, self.number_of_actions, epsilon, greedy, state.allowed))

    def begin_round(self, state: AgentState, due: tf.Tensor) -> AgentState:
        p = state.parameters
        if self.config.target_rate < 1.0:
            return state
        copies = tf.where(due, state.steps // self.config.target_update_every, p.copies)
        return state._replace(parameters=copied(p, copies > p.copies)._replace(copies=copies))

    def learn(self, state: AgentState, batch: Batch, key: tf.Tensor) -> Learnt:
        c, p, asked = self.hyperparameters(state), state.parameters, self.head.asked
        observed = asked(self.seen(p, batch.observation), key, 0)
        following = asked(self.seen(p, batch.next_observation), key, 1)
        known = p._replace(allowed=batch.next_action_mask)
        if c.noisy:
            known = known._replace(online=self.noised(p.online, key, 2), target=self.noised(p.target, key, 3))
        target = tf.stop_gradient(self.target_of(known, batch, following))
        with tf.GradientTape() as tape:
            tape.watch(p.online)
            outputs = self.outputs(self.noised(p.online, key, 4) if c.noisy else p.online, observed)
            found = self.row_losses(outputs, batch, target, c)
            rows, errors = losses.of_rows(type(self).__name__, found, tuple(batch.reward.shape), tuple(target.shape))
            loss = tf.reduce_mean(batch.weights * rows)
        gradient, norm = clipped(flat(tape.gradient(loss, p.online)), c.gradient_clip)
        online, moments = adam(p.online, gradient, p.moments, self.step_size(state), c.adam_epsilon)
        value = tf.reduce_mean(losses.chosen(self.action_values_of(outputs), batch.action))
        average = averaged(p.averaged, online, c.average_decay, moments.count - 1.0)
        after = p._replace(online=online, moments=moments, averaged=average)
        if c.target_rate < 1.0:
            after = after._replace(target=towards(p.target, online, c.target_rate))
        if p.observed:
            after = self.having_seen(after, batch.observation)
        return Learnt(after, {"loss": loss, "gradient_norm": norm, "value": value}, errors)

    def outputs(self, weights: tuple[tf.Tensor, ...], features: tf.Tensor) -> tf.Tensor:
        """Return the network's outputs (B, ...) under explicit weights."""
        return self.head.call(self.online, weights, features)

    def acting_weights(self, parameters: Parameters, explore: bool) -> tuple[tf.Tensor, ...]:
        """Return the weights that acting goes by: the latest to explore, else the averaged, where there are any."""
        return parameters.online if explore else parameters.averaged or parameters.online

    def values(self, weights: tuple[tf.Tensor, ...], features: tf.Tensor) -> tf.Tensor:
        """Return action values (B, A) under explicit weights."""
        return self.action_values_of(self.outputs(weights, self.head.evenly(features)))

    # ---------------------------------------------------------------- acting in NumPy

    def act_in_numpy(self, observed: np.ndarray, explore: bool) -> np.ndarray:
        """Choose an action for each row as `policy` does, int64 (n,); its draws are of NumPy's generators."""
        c = self.config
        if explore and c.noisy:
            return np.asarray(self.rule.choose(observed, self.exploration, explore, allowed=self.allowed)[0])
        epsilon, rng = (self.epsilon, self.exploration) if explore else (c.epsilon_evaluation, self.evaluation_rng)

        def greedy() -> np.ndarray:
            return masked(self.action_values(observed, explore), self.allowed).argmax(axis=-1)

        if not epsilon:
            return greedy()
        return explored(len(observed), self.number_of_actions, epsilon, greedy, rng, self.allowed)

    def action_values(self, observations: np.ndarray, explore: bool = False) -> np.ndarray:
        """Return values of actions, float32 (n, A).

        Args:
            observations: (n, ...).
            explore: Whether by the latest weights; else by the averaged ones, where there are any.
        """
        forward = self.latest if explore else self.greedy
        if forward.mirror is None:
            return self.rule.values(self.seen_in_numpy(observations), explore)
        if forward.stale:
            self.settle()
        return self.values_in_numpy(forward(self.seen_in_numpy(observations)))

    def values_in_numpy(self, outputs: np.ndarray) -> np.ndarray:
        """Return what `action_values_of` does, for arrays."""
        return outputs if self.config.distribution == "none" else self.head.values_in_numpy(outputs)

    @property
    def epsilon(self) -> float:
        """The probability of a uniform action now."""
        if self.config.noisy:
            return 0.0
        value: float = linear(self.steps, self.config.epsilon_start, self.config.epsilon_end, self.epsilon_steps)
        return value

    def _forward(self, model: keras.Model) -> Forward:
        # A network whose outputs are made values by functions of tensors alone is called as a whole in TensorFlow.
        return Forward(model, mirrored=hasattr(type(self).action_values_of, "in_numpy"))

    def _checked_network(self, seed: int) -> keras.Model:
        made = self.network(seed)
        checked(type(self).__name__, made, self.number_of_features, self.number_of_actions, self.action_values_of)
        return made

    # ---------------------------------------------------------------- state

    def export_model(self) -> Exportable:
        return exporting.action_values(self)

    @of_steps
    def gauges(self) -> dict[str, float]:
        return {"epsilon": self.epsilon, "learning_rate": self.learning_rate}
