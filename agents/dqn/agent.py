"""DQN: Q-learning with a network, replay and a target network (Mnih et al. 2015)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import keras
import numpy as np
import tensorflow as tf
from gymnasium.spaces import Box, Discrete

from agents import losses, spaces
from agents.base import Agent, Transition
from agents.dqn.settings import DQNSettings
from agents.exploration import epsilon_greedy, linear
from agents.replay import Replay, ReplayBatch
from lab.config import Settings
from lab.errors import UsageError
from lab.networks import Mirror, mlp


class DQN(Agent):
    """Learns action values with a network (Mnih et al. 2015, "Human-level control through deep RL", algorithm 1).

    Acts epsilon-greedily by environment step; stores transitions in replay; every `update_every` environment steps
    makes `updates_per_round` updates of the Huber loss in one compiled call. Only terminated episodes end the return;
    truncated ones bootstrap. A variant overrides `network` or `next_values`.
    """

    Settings: ClassVar[type[Settings]] = DQNSettings
    default_steps: ClassVar[int] = 50_000
    training_state: ClassVar[tuple[str, ...]] = ("replay", "optimizer")
    not_state: tuple[str, ...] = ("mirror", "number_of_actions")

    def check_spaces(self) -> None:
        name = type(self).__name__
        if not isinstance(self.action_space, Discrete):
            raise UsageError(
                f"{name} received the action space {self.action_space}; expected Discrete. "
                "Fix: discretise the actions, for example with gymnasium.wrappers.DiscretizeAction."
            )
        space = self.observation_space
        if not isinstance(space, Discrete) and not (isinstance(space, Box) and len(space.shape) == 1):
            raise UsageError(
                f"{name} received the observation space {space}; expected a flat Box or Discrete. "
                "Fix: wrap the environment in gymnasium.wrappers.FlattenObservation."
            )

    def build(self) -> None:
        c = self.config
        self.number_of_actions = int(self.action_space.n)  # type: ignore[attr-defined]
        seed = self.seeds.integer("network")
        self.online, self.target = self.network(seed), self.network(seed)
        self.optimizer = keras.optimizers.Adam(c.learning_rate, epsilon=c.adam_epsilon)
        self.optimizer.build(self.online.trainable_variables)
        shape, dtype = spaces.layout(self.observation_space)
        self.replay = Replay(c.replay_capacity, shape, dtype, self.seeds.generator("replay"))
        self.exploration = self.seeds.generator("exploration")
        self.learning_rate_falls = True
        self.steps = 0
        self.next_round = max(c.update_every, c.learning_starts)
        self.target_updates = 0
        self.mirror = Mirror(self.online) if Mirror.fits(self.online) else None

    # ---------------------------------------------------------------- what variants override

    def network(self, seed: int) -> keras.Model:
        """Build the network from features float32 (B, d) to action values (B, A)."""
        return mlp(self.number_of_features, self.config.hidden_sizes, self.number_of_actions, seed)

    def next_values(self, next_features: tf.Tensor) -> tf.Tensor:
        """Return the value of what follows, (B,): the target network's best (equation 1)."""
        if self.config.double:
            best = tf.argmax(self.online(next_features), axis=-1, output_type=tf.int32)
            return losses.chosen(self.target(next_features), best)
        return tf.reduce_max(self.target(next_features), axis=-1)

    # ---------------------------------------------------------------- acting

    @property
    def number_of_features(self) -> int:
        """How many numbers describe an observation to the network."""
        space = self.observation_space
        return int(space.n) if isinstance(space, Discrete) else int(np.prod(space.shape or ()))

    def features(self, observations: np.ndarray) -> np.ndarray:
        """Return observations as the network takes them, float32 (..., d); Discrete ones as one-hot rows."""
        space = self.observation_space
        if isinstance(space, Discrete):
            return np.eye(int(space.n), dtype=np.float32)[observations - int(space.start)]
        return observations.astype(np.float32, copy=False)

    def act_batch(self, observations: np.ndarray, explore: bool = False) -> np.ndarray:
        c = self.config
        epsilon, rng = (self.epsilon, self.exploration) if explore else (c.epsilon_evaluation, self.evaluation_rng)

        def greedy() -> np.ndarray:
            return self.action_values(observations).argmax(axis=-1)

        return epsilon_greedy(len(observations), self.number_of_actions, epsilon, greedy, rng) if epsilon else greedy()

    def action_values(self, observations: np.ndarray) -> np.ndarray:
        features = self.features(observations)
        if self.mirror is not None:
            return self.mirror(features)
        return self._values(tf.constant(features)).numpy()

    @property
    def epsilon(self) -> float:
        """The probability of a uniform action now."""
        return linear(self.steps, self.config.epsilon_start, self.config.epsilon_end, self.config.epsilon_steps)

    # ---------------------------------------------------------------- learning

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
        rate = -1.0
        if self.learning_rate_falls:
            rate = linear(self.steps, c.learning_rate, c.learning_rate_end, c.learning_rate_steps)
        batch = self.replay.sample(c.updates_per_round, c.batch_size)
        columns = np.stack([batch.action, batch.reward, batch.terminated], axis=-1, dtype=np.float32)
        rows = [self.features(batch.observation), self.features(batch.next_observation), columns]
        orders = np.array([rate, copy], np.float32)
        result = self._train(tf.constant(np.concatenate(rows, axis=-1)), tf.constant(orders)).numpy()
        if self.mirror is not None:
            self.mirror.set_flat(result[3:])
        return dict(zip(("loss", "gradient_norm", "value"), result[:3].tolist(), strict=True))

    @tf.function(jit_compile=True)
    def _train(self, rows: tf.Tensor, orders: tf.Tensor) -> tf.Tensor:
        # Every tensor that enters or leaves a compiled call costs as much as a small layer, so a transition is one
        # row of float32 numbers, and metrics and new weights come back as one vector.
        rate, copy = orders[0], orders[1] > 0.0
        self.optimizer.learning_rate.assign(tf.where(rate < 0.0, self.optimizer.learning_rate, rate))
        online = self.online.trainable_variables
        for target, source in zip(self.target.trainable_variables, online, strict=True):
            target.assign(tf.where(copy, source, target))
        count = rows.shape[0]
        metrics = tf.zeros(3)
        for i in tf.range(count):
            metrics += self.update_step(self._unpacked(rows[i]))
        return tf.concat([metrics / count, *(tf.reshape(w, [-1]) for w in online)], axis=0)

    def _unpacked(self, rows: tf.Tensor) -> ReplayBatch:
        features = self.number_of_features
        observation, following, columns = tf.split(rows, [features, features, 3], axis=-1)
        action, reward, terminated = tf.unstack(columns, axis=-1)
        return ReplayBatch(observation, tf.cast(action, tf.int32), reward, terminated, following)

    def update_step(self, batch: ReplayBatch) -> tf.Tensor:
        """Make one update from a batch of tensors (B, ...); return loss, gradient norm and mean value, (3,)."""
        c = self.config
        variables = self.online.trainable_variables
        next_value = self.next_values(batch.next_observation)
        target = losses.bootstrapped_target(batch.reward, batch.terminated, next_value, c.discount)
        with tf.GradientTape() as tape:
            value = losses.chosen(self.online(batch.observation), batch.action)
            loss = tf.reduce_mean(losses.huber(target - value, c.huber_delta))
        gradients, norm = tf.clip_by_global_norm(tape.gradient(loss, variables), c.gradient_clip)
        self.optimizer.apply(gradients, variables)
        return tf.stack([loss, norm, tf.reduce_mean(value)])

    @tf.function(jit_compile=True, reduce_retracing=True)
    def _values(self, features: tf.Tensor) -> tf.Tensor:
        return self.online(features)

    # ---------------------------------------------------------------- state

    @property
    def learning_rate(self) -> float:
        """Adam's present step size; setting it ends the fall that the settings describe."""
        return float(self.optimizer.learning_rate.numpy())

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self.learning_rate_falls = False
        self.optimizer.learning_rate.assign(value)

    def gauges(self) -> dict[str, float]:
        return {"epsilon": self.epsilon, "learning_rate": self.learning_rate}

    def set_state(self, state: Mapping[str, object]) -> None:
        super().set_state(state)
        if self.mirror is not None:
            self.mirror = Mirror(self.online)
