"""Q-learning's pure functions, which the compiled lane traces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
import tensorflow as tf
from gymnasium.spaces import Discrete

from agents.functional import Knobs, PureFunctions
from agents.parts.pure_exploration import pure_linear, random_ties
from agents.replay.program import Ring, RingReplay
from envs import random

if TYPE_CHECKING:
    from agents.base import Transition

BLOCK = 64


class TableState(NamedTuple):
    """All that the compiled lane carries for a table of action values.

    Attributes:
        table: float64 (states, actions).
        visits: int64 (states, actions).
        replay: Past transitions.
        steps: int64 (), environment steps observed.
        replayed: int64 (), the step of the last block of replayed updates.
        error_sum, error_count: float64 (), absolute TD errors since then.
        knobs: The settings that runs trained together may differ in, float64 ().
    """

    table: tf.Tensor
    visits: tf.Tensor
    replay: Ring
    steps: tf.Tensor
    replayed: tf.Tensor
    error_sum: tf.Tensor
    error_count: tf.Tensor
    knobs: dict[str, tf.Tensor]


class CompiledQLearning(PureFunctions):
    """The part of `QLearning` that acts and learns on explicit tensors only."""

    pure_metrics: ClassVar[tuple[str, ...]] = ("td_error",)
    pure_settings: ClassVar[tuple[str, ...]] = (
        "discount",
        "learning_rate",
        "learning_rate_end",
        "learning_rate_steps",
        "epsilon_start",
        "epsilon_end",
        "epsilon_steps",
        "epsilon_evaluation",
        "initial_value",
    )
    pure_shared: ClassVar[tuple[str, ...]] = (
        "action_values",
        "apply_schedules",
        "build",
        "check_spaces",
        "gauges",
        "unread_settings",
    )

    if TYPE_CHECKING:
        config: Any
        observation_space: Any
        sizes: np.ndarray
        starts: np.ndarray
        q_table: np.ndarray
        visits: np.ndarray
        steps: int
        replayed: int
        td_error_sum: float
        td_error_count: int

    def pure_state(self, num_envs: int) -> TableState:
        self.ring = RingReplay(Discrete(len(self.q_table)), self.config.replay_capacity, num_envs)
        return TableState(
            tf.constant(self.q_table),
            tf.constant(self.visits),
            self.ring.empty(),
            steps=tf.constant(self.steps, tf.int64),
            replayed=tf.constant(self.replayed, tf.int64),
            error_sum=tf.constant(self.td_error_sum, tf.float64),
            error_count=tf.constant(self.td_error_count, tf.float64),
            knobs={name: tf.constant(value) for name, value in self.pure_knobs(np.float64).items()},
        )

    def pure_states(self, observations: tf.Tensor) -> tf.Tensor:
        """Return what `QLearning.states` does, int32 (n,), for tensors."""
        if isinstance(self.observation_space, Discrete):
            return observations
        strides = np.append(np.cumprod(self.sizes[:0:-1])[::-1], 1).astype(np.int32)
        return tf.reduce_sum((tf.cast(observations, tf.int32) - self.starts.astype(np.int32)) * strides, axis=-1)

    def pure_act(self, state: TableState, observations: tf.Tensor, key: tf.Tensor, explore: bool) -> tf.Tensor:
        c = Knobs(state.knobs, self.config)
        epsilon = c.epsilon_evaluation
        if explore:
            epsilon = pure_linear(state.steps, c.epsilon_start, c.epsilon_end, c.epsilon_steps)
        values = tf.gather(state.table, self.pure_states(observations))
        draws = tf.cast(random.uniform(key, (3, values.shape[0])), tf.float64)
        uniform = tf.cast(draws[1] * values.shape[1], tf.int32)
        return tf.where(draws[0] < epsilon, uniform, random_ties(values, draws[2]))

    def pure_update(
        self, state: TableState, transition: Transition, key: tf.Tensor
    ) -> tuple[TableState, dict[str, tf.Tensor], tf.Tensor]:
        c, t, number = Knobs(state.knobs, self.config), transition, self.ring.number
        places, following = self.pure_states(t.observation), self.pure_states(t.next_observation)
        steps = state.steps + number
        alpha = pure_linear(steps, c.learning_rate, c.learning_rate_end, c.learning_rate_steps)
        table, visits, errors = self._learnt(
            (state.table, state.visits, state.error_sum),
            (places, t.action, t.reward, tf.cast(t.terminated, tf.float32), following),
            alpha,
            c.discount,
        )
        count = state.error_count + float(number)
        # The host lane replays once 64 steps have come together; here they come together `number` at a time.
        block = -(-BLOCK // number) * number
        due = steps >= state.replayed + block
        replay = state.replay
        if c.replay_updates:
            replay = self.ring.write(replay, places, t.action, t.reward, t.terminated, following)

            def one(i: tf.Tensor, *learnt: tf.Tensor) -> tuple[tf.Tensor, ...]:
                past = self.ring.sample(replay, key, block * c.replay_updates)
                return i + 1, *self._learnt(learnt, past, alpha, c.discount)

            # A loop of one round or none: XLA then draws and learns only when it is due.
            once = tf.cast(due, tf.int32)
            _, table, visits, errors = tf.while_loop(
                lambda i, *_: i < once, one, (tf.zeros((), tf.int32), table, visits, errors)
            )
            count += tf.cast(due, tf.float64) * float(block * c.replay_updates)
        zero = tf.zeros((), tf.float64)
        mean = tf.where(due, errors / count, zero)
        errors, count = tf.where(due, zero, errors), tf.where(due, zero, count)
        replayed = tf.where(due, steps, state.replayed)
        after = TableState(table, visits, replay, steps, replayed, errors, count, state.knobs)
        return after, {"td_error": tf.cast(mean, tf.float32)}, tf.cast(due, tf.float32)

    def _learnt(
        self, learnt: tuple[tf.Tensor, ...], columns: tuple[tf.Tensor, ...], alpha: tf.Tensor, discount: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        # Row by row and in order, as on the host: a batch may hold the same state twice.
        from tensorflow.compiler.tf2xla.python import xla

        states, actions, rewards, terminated, following = columns
        number, width, exponent = states.shape[0], learnt[0].shape[1], self.config.visit_exponent
        rewards, ends = tf.cast(rewards, tf.float64), tf.cast(terminated, tf.float64)

        def one(i: tf.Tensor, table: tf.Tensor, visits: tf.Tensor, total: tf.Tensor) -> tuple[tf.Tensor, ...]:
            place = [states[i], actions[i]]
            after = tf.reduce_max(xla.dynamic_slice(table, [following[i], tf.constant(0)], [1, width]))
            old = xla.dynamic_slice(table, place, [1, 1])
            error = rewards[i] + discount * (1.0 - ends[i]) * after - old
            seen = xla.dynamic_slice(visits, place, [1, 1]) + 1
            size = alpha / tf.cast(seen, tf.float64) ** exponent if exponent else alpha
            table = xla.dynamic_update_slice(table, old + size * error, place)
            return i + 1, table, xla.dynamic_update_slice(visits, seen, place), total + tf.abs(error[0, 0])

        return tf.while_loop(lambda i, *_: i < number, one, (tf.zeros((), tf.int32), *learnt))[1:]

    def refreshed_pure_state(self, state: TableState) -> TableState:
        return state._replace(knobs=self.refreshed_knobs(state.knobs))

    def set_pure_state(self, state: TableState) -> None:
        self.q_table, self.visits = np.array(state.table), np.array(state.visits)
        self.steps, self.replayed = int(state.steps), int(state.replayed)
        self.td_error_sum, self.td_error_count = float(state.error_sum), int(state.error_count)
