"""DQN: Q-learning with a network, replay and a target network (Mnih et al. 2015)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf
from gymnasium.spaces import Discrete

from agents import spaces
from agents.base import Agent, Transition
from agents.dqn.compiled import CompiledDQN
from agents.dqn.networks import begin_alike, checked
from agents.dqn.program import DQNProgram
from agents.dqn.settings import DQNSettings
from agents.dqn.state import Parameters
from agents.parts import losses
from agents.parts import observations as features
from agents.parts.exploration import epsilon_greedy, linear
from agents.replay.host import Replay, ReplayBatch
from lab.config import Settings
from lab.errors import UsageError
from lab.networks import Forward
from lab.training.adam import Moments, adam, clipped, flat, no_moments


class DQN(CompiledDQN, Agent):
    """Learns action values with a network (Mnih et al. 2015, "Human-level control through deep RL", algorithm 1).

    Acts epsilon-greedily by environment step; stores transitions in replay; every `update_every` environment steps
    makes `updates_per_round` updates of the Huber loss in one compiled call. Only terminated episodes end the return;
    truncated ones bootstrap. Greedy play goes by the online network's weights averaged over the updates (Polyak and
    Juditsky 1992), which are steadier than the latest; exploring goes by the latest. A variant overrides `network`,
    `next_values`, `loss` or `update_step`, which both lanes share.
    """

    Settings: ClassVar[type[Settings]] = DQNSettings
    default_steps: ClassVar[int] = 50_000
    training_state: ClassVar[tuple[str, ...]] = ("replay", "moments")
    counters: tuple[str, ...] = ("steps", "target_updates")
    not_state: tuple[str, ...] = (
        "latest", "greedy", "number_of_actions", "ring", "rate_steps", "epsilon_steps", "program", "round",
    )  # fmt: skip

    def check_spaces(self) -> None:
        name = type(self).__name__
        if not isinstance(self.action_space, Discrete):
            raise UsageError(
                f"{name} received the action space {self.action_space}; expected Discrete. "
                "Fix: discretise the actions, for example with gymnasium.wrappers.DiscretizeAction."
            )
        features.check_observations(name, self.observation_space)

    def build(self) -> None:
        c = self.config
        self.build_networks()
        shape, dtype = spaces.layout(self.observation_space)
        self.replay = Replay(c.replay_capacity, shape, dtype, self.seeds.generator("replay"))
        self.exploration = self.seeds.generator("exploration")
        # A step size that somebody set; below 0 the one that the settings describe applies.
        self.fixed_rate = -1.0
        self.steps = 0
        self.next_round = max(c.update_every, c.learning_starts)
        self.target_updates = 0
        self.apply_schedules()

    def apply_schedules(self) -> None:
        # Kept: epsilon is asked for at every step.
        self.rate_steps, self.epsilon_steps = self.scheduled("learning_rate_steps"), self.scheduled("epsilon_steps")

    def build_networks(self) -> None:
        """Make both networks and the optimizer's moments."""
        self.number_of_actions = int(self.action_space.n)  # type: ignore[attr-defined]
        seed = self.seeds.integer("network")
        self.online, self.target = self._checked_network(seed), self._checked_network(seed)
        self.moments = Moments(*(tf.Variable(m) for m in no_moments(self.online.trainable_variables)))
        self.average = self._checked_network(seed) if self.config.average_decay else None
        begin_alike(type(self).__name__, self.online, self.target, self.average)
        # Made when first needed: the compiled lane does without.
        self.program: DQNProgram | None = None
        self.round: Any = None
        self.latest = Forward(self.online, self._compiled_values)
        self.greedy = self.latest if self.average is None else Forward(self.average, self._compiled_values)

    def build_definition(self, seed: int) -> None:
        """Make what computing with explicit weights takes, in a copy of an agent that holds no state."""
        self.online = self._checked_network(seed)

    def _checked_network(self, seed: int) -> keras.Model:
        owner = type(self).__name__
        return checked(owner, self.network(seed), self.number_of_features, self.number_of_actions)

    def _compiled_values(self, model: keras.Model, features: tf.Tensor) -> tf.Tensor:
        weights = tuple(v.value for v in model.trainable_variables)
        if self.program is None:
            self.program = DQNProgram.shared(self)
        return self.program.traced_values(weights, features)(weights, features)

    def renew_forwards(self) -> None:
        """Let acting follow weights that have changed."""
        self.latest.renew()
        self.greedy.renew()

    def unread_settings(self) -> dict[str, str]:
        c, unread = self.config, {}
        # A variant with another network may read what it likes.
        if type(self).network is DQN.network and not features.is_picture(self.observation_space):
            unread["filters"] = "the observations are no pictures"
        if type(self).next_values is DQN.next_values and not c.double:
            unread["pessimism"] = "it is a part of double=True"
        if getattr(c, "epsilon_start", 0) == getattr(c, "epsilon_end", 1):
            unread["epsilon_steps"] = "epsilon_start and epsilon_end are equal"
        if c.learning_rate == getattr(c, "learning_rate_end", None):
            unread["learning_rate_steps"] = "learning_rate and learning_rate_end are equal"
        return unread

    # ---------------------------------------------------------------- what variants override

    def network(self, seed: int) -> keras.Model:
        """Build the network from features float32 (B, d) to action values (B, A)."""
        c = self.config
        return features.network(self.observation_space, c.filters, c.hidden_sizes, self.number_of_actions, seed)

    def next_values(self, parameters: Parameters, next_features: tf.Tensor) -> tf.Tensor:
        """Return the value of what follows, (B,).

        The target network's best (equation 1), its value of the online network's best action (van Hasselt et al. 2016,
        "Deep Reinforcement Learning with Double Q-learning", equation 4), or something between that and the lesser of
        both networks' values of that action (Fujimoto et al. 2019, "Off-Policy Deep Reinforcement Learning without
        Exploration", equation 13), which keeps values from rising without end.
        """
        values = self.values(parameters.target, next_features)
        if not self.config.double:
            return tf.reduce_max(values, axis=-1)
        online = self.values(parameters.online, next_features)
        value, share = losses.chosen(values, tf.argmax(online, axis=-1, output_type=tf.int32)), self.config.pessimism
        if not share:
            return value
        return value + share * tf.minimum(tf.reduce_max(online, axis=-1) - value, 0.0)

    def loss(self, values: tf.Tensor, chosen: tf.Tensor, target: tf.Tensor, settings: Any) -> tf.Tensor:
        """Return the loss of a batch, ().

        Args:
            values: float32 (B, A), the online network's.
            chosen: float32 (B,), those of the actions taken.
            target: float32 (B,), without a gradient.
            settings: As for `update_step`.
        """
        return tf.reduce_mean(losses.huber(target - chosen, settings.huber_delta))

    def update_step(
        self, parameters: Parameters, batch: ReplayBatch, rate: Any, settings: Any
    ) -> tuple[Parameters, tf.Tensor]:
        """Make one update: the rule that both lanes trace.

        Args:
            parameters: Before the update.
            batch: Of tensors (B, ...), observations as features.
            rate: Adam's step size.
            settings: Has the settings' names, as numbers or as tensors ().

        Returns:
            The new parameters; and loss, gradient norm before clipping and mean value, float32 (3,).
        """
        online = parameters.online
        following = self.next_values(parameters, batch.next_observation)
        target = losses.bootstrapped_target(batch.reward, batch.terminated, following, settings.discount)
        with tf.GradientTape() as tape:
            tape.watch(online)
            values = self.values(online, batch.observation)
            value = losses.chosen(values, batch.action)
            loss = self.loss(values, value, target, settings)
        gradient, norm = clipped(flat(tape.gradient(loss, online)), settings.gradient_clip)
        online, moments = adam(online, gradient, parameters.moments, rate, settings.adam_epsilon)
        return parameters._replace(online=online, moments=moments), tf.stack([loss, norm, tf.reduce_mean(value)])

    # ---------------------------------------------------------------- acting

    @property
    def number_of_features(self) -> int:
        """How many numbers describe an observation to the network."""
        return features.number_of_features(self.observation_space)

    def features(self, observations: np.ndarray) -> np.ndarray:
        """Return observations as the network takes them, float32 (..., d); see `agents.parts.observations`."""
        return features.features(self.observation_space, observations)

    def values(self, weights: tuple[tf.Tensor, ...], features: tf.Tensor) -> tf.Tensor:
        """Return the network's action values (B, A) under explicit weights."""
        return self.online.stateless_call(list(weights), [], features)[0]

    def act_batch(self, observations: np.ndarray, explore: bool = False) -> np.ndarray:
        c = self.config
        epsilon, rng = (self.epsilon, self.exploration) if explore else (c.epsilon_evaluation, self.evaluation_rng)

        def greedy() -> np.ndarray:
            return self.action_values(observations, explore).argmax(axis=-1)

        return epsilon_greedy(len(observations), self.number_of_actions, epsilon, greedy, rng) if epsilon else greedy()

    def action_values(self, observations: np.ndarray, explore: bool = False) -> np.ndarray:
        """Return values of actions, float32 (n, A).

        Args:
            observations: (n, ...).
            explore: Whether by the latest weights; else by the averaged ones, where there are any.
        """
        return (self.latest if explore else self.greedy)(self.features(observations))

    @property
    def epsilon(self) -> float:
        """The probability of a uniform action now."""
        return linear(self.steps, self.config.epsilon_start, self.config.epsilon_end, self.epsilon_steps)

    # ---------------------------------------------------------------- learning in the host lane

    def observe(self, transition: Transition) -> None:
        self.replay.add(transition)
        self.steps += len(transition.reward)

    def update(self) -> Mapping[str, float] | None:
        rounds = []
        while self.steps >= self.next_round:
            self.next_round += self.config.update_every
            rounds.append(self._round())
        if len(rounds) <= 1:
            return rounds[0] if rounds else None
        return {name: sum(r[name] for r in rounds) / len(rounds) for name in rounds[0]}

    def _round(self) -> dict[str, float]:
        c = self.config
        due = self.steps // c.target_update_every
        copy, self.target_updates = due > self.target_updates, due
        batch = self.replay.sample(c.updates_per_round, c.batch_size)
        columns = np.stack([batch.action, batch.reward, batch.terminated], axis=-1, dtype=np.float32)
        rows = [self.features(batch.observation), self.features(batch.next_observation), columns]
        orders = np.array([self.learning_rate, copy], np.float32)
        result = self._train(tf.constant(np.concatenate(rows, axis=-1)), tf.constant(orders)).numpy()
        # In this order: without averaged weights both are one, and need not read what is at hand.
        self.greedy.renew()
        self.latest.renew(result[3:])
        return dict(zip(self.pure_metrics, result[:3].tolist(), strict=True))

    def _train(self, rows: tf.Tensor, orders: tf.Tensor) -> tf.Tensor:
        variables = self.parameters()
        if self.round is None:
            if self.program is None:
                self.program = DQNProgram.shared(self)
            self.round = self.program.traced_round(variables, rows, orders)
        return self.round(variables, rows, orders)

    def parameters(self) -> Parameters:
        """Return the variables that an update changes."""
        online, target = (tuple(v.value for v in m.trainable_variables) for m in (self.online, self.target))
        average = () if self.average is None else tuple(v.value for v in self.average.trainable_variables)
        return Parameters(online, target, self.moments, average)

    # ---------------------------------------------------------------- state

    @property
    def learning_rate(self) -> float:
        """Adam's present step size; setting it ends the fall that the settings describe."""
        c = self.config
        if self.fixed_rate >= 0.0:
            return self.fixed_rate
        return linear(self.steps, c.learning_rate, c.learning_rate_end, self.rate_steps)

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self.fixed_rate = float(value)

    def gauges(self) -> dict[str, float]:
        return {"epsilon": self.epsilon, "learning_rate": self.learning_rate}

    def set_state(self, state: Mapping[str, object]) -> None:
        super().set_state(state)
        self.renew_forwards()
