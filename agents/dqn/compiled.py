"""DQN's pure functions, which the compiled lane traces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import tensorflow as tf

from agents.dqn.state import DQNState, Parameters, assign, averaged, copied
from agents.functional import Knobs, PureFunctions
from agents.parts.observations import pure_features
from agents.parts.pure_exploration import pure_epsilon_greedy, pure_linear
from agents.replay.program import RingReplay
from envs import random

if TYPE_CHECKING:
    from agents.base import Transition
    from agents.replay.host import ReplayBatch


class CompiledDQN(PureFunctions):
    """The part of `DQN` that acts and learns on explicit tensors only."""

    pure_metrics: ClassVar[tuple[str, ...]] = ("loss", "gradient_norm", "value")
    pure_settings: ClassVar[tuple[str, ...]] = (
        "learning_rate",
        "learning_rate_end",
        "learning_rate_steps",
        "adam_epsilon",
        "discount",
        "epsilon_start",
        "epsilon_end",
        "epsilon_steps",
        "epsilon_evaluation",
        "gradient_clip",
        "huber_delta",
    )
    pure_shared: ClassVar[tuple[str, ...]] = (
        "apply_schedules",
        "build",
        "build_networks",
        "check_spaces",
        "gauges",
        "loss",
        "network",
        "next_values",
        "renew_forwards",
        "unread_settings",
        "update_step",
        "values",
    )

    if TYPE_CHECKING:
        config: Any
        observation_space: Any
        number_of_actions: int
        online: Any
        fixed_rate: float

        @property
        def number_of_features(self) -> int: ...
        def parameters(self) -> Parameters: ...
        def renew_forwards(self) -> None: ...
        def values(self, weights: tuple[tf.Tensor, ...], features: tf.Tensor) -> tf.Tensor: ...
        def update_step(
            self, parameters: Parameters, batch: ReplayBatch, rate: Any, settings: Any
        ) -> tuple[Parameters, tf.Tensor]: ...

    def pure_state(self, num_envs: int) -> DQNState:
        self.ring = RingReplay(self.observation_space, self.config.replay_capacity, num_envs)
        parameters = tf.nest.map_structure(tf.convert_to_tensor, self.parameters())
        return DQNState(
            parameters,
            self.ring.empty(),
            steps=tf.constant(self.steps, tf.int64),
            next_round=tf.constant(self.next_round, tf.int64),
            copies=tf.constant(self.target_updates, tf.int64),
            rate=tf.constant(self.fixed_rate, tf.float32),
            knobs={name: tf.constant(value) for name, value in self.pure_knobs().items()},
        )

    def pure_features(self, observations: tf.Tensor) -> tf.Tensor:
        """Return what `DQN.features` does, for tensors (n, ...)."""
        return pure_features(self.observation_space, observations)

    def pure_act(self, state: DQNState, observations: tf.Tensor, key: tf.Tensor, explore: bool) -> tf.Tensor:
        c = Knobs(state.knobs, self.config)
        parameters = state.parameters
        weights = parameters.online if explore else parameters.averaged or parameters.online
        values = self.values(weights, self.pure_features(observations))
        greedy = tf.argmax(values, axis=-1, output_type=tf.int32)
        epsilon = c.epsilon_evaluation
        if explore:
            epsilon = pure_linear(state.steps, c.epsilon_start, c.epsilon_end, c.epsilon_steps)
        return pure_epsilon_greedy(greedy, self.number_of_actions, epsilon, key)

    def pure_update(
        self, state: DQNState, transition: Transition, key: tf.Tensor
    ) -> tuple[DQNState, dict[str, tf.Tensor], tf.Tensor]:
        c, t = Knobs(state.knobs, self.config), transition
        replay = self.ring.write(state.replay, t.observation, t.action, t.reward, t.terminated, t.next_observation)
        steps = state.steps + self.ring.number
        # As many rounds as have come due; a loop that runs no time costs less than a branch.
        late = steps - state.next_round
        rounds = tf.where(late >= 0, late // c.update_every + 1, tf.zeros_like(late))
        due = tf.where(rounds > 0, steps // c.target_update_every, state.copies)
        parameters = copied(state.parameters, due > state.copies)
        falling = pure_linear(steps, c.learning_rate, c.learning_rate_end, c.learning_rate_steps)
        rate = tf.where(state.rate < 0.0, falling, state.rate)
        updates, i, metrics = rounds * c.updates_per_round, tf.zeros((), tf.int64), tf.zeros(3)

        def one(i: tf.Tensor, parameters: Parameters, metrics: tf.Tensor) -> tuple[tf.Tensor, Parameters, tf.Tensor]:
            batch = self.ring.sample(replay, random.fold_in(key, i), c.batch_size)
            batch = batch._replace(
                observation=self.pure_features(batch.observation),
                next_observation=self.pure_features(batch.next_observation),
            )
            parameters, numbers = self.update_step(parameters, batch, rate, c)
            parameters = averaged(parameters, c.average_decay)
            return i + 1, parameters, metrics + numbers / c.updates_per_round

        _, parameters, metrics = tf.while_loop(lambda i, *_: i < updates, one, (i, parameters, metrics))
        state = state._replace(
            parameters=parameters,
            replay=replay,
            steps=steps,
            next_round=state.next_round + rounds * c.update_every,
            copies=due,
        )
        names = dict(zip(self.pure_metrics, tf.unstack(metrics), strict=True))
        return state, names, tf.cast(rounds, tf.float32)

    def refreshed_pure_state(self, state: DQNState) -> DQNState:
        rate = tf.constant(self.fixed_rate, tf.float32)
        return state._replace(rate=rate, knobs=self.refreshed_knobs(state.knobs))

    def set_pure_state(self, state: DQNState) -> None:
        assign(self.parameters(), state.parameters)
        self.steps, self.next_round = int(state.steps), int(state.next_round)
        self.target_updates = int(state.copies)
        self.renew_forwards()
