"""One compiled program: acting, stepping, resetting, learning and statistics, thousands of steps a call."""

from __future__ import annotations

import time
from contextlib import suppress
from threading import Thread
from typing import Any, ClassVar
from weakref import WeakValueDictionary

import tensorflow as tf

from agents.functional import FunctionalAgent
from agents.functional.checks import KEYED, chosen_by, kept_hidden, no_hidden
from agents.functional.hooks.settings import traced
from agents.functional.identity import definition, fixed_settings, own_attributes
from agents.functional.state import AgentState
from agents.spaces import pure_to_environment
from agents.training.programs.state import LaneState, Played, Statistics
from agents.training.programs.tracing import check_captures, check_same
from agents.transitions import Transition
from envs import random
from envs.tensor import TensorEnv
from lab.errors import UsageError
from lab.runtime.recent import Recent
from lab.training.resumable import check_resumable

KEPT = 8
# Rows of the log that one call gathers at most.
ROWS = 64
# Numbers of a row before the metrics: step, episodes, returns, lengths, rounds.
FIELDS = 5
# Steps of the first call of an evaluation, by whose time the others are measured.
FIRST_CALL = 128


class Program:
    """Compiles one agent's training and evaluation in one TensorEnv.

    It holds definitions only, so runs of the same agent class, settings and environment share it: see `shared`.
    AutoGraph stays out of it: reading the source of every function called would take longer than compiling them, and
    errors would not arrive as they were raised. Functions with loops or branches on tensors use `tf.while_loop`,
    `tf.cond` and `tf.where`.

    Args:
        agent: A built agent.
        env: The environment, its time limit applied.
        num_envs: Environments that step together.

    Raises:
        UsageError: When a function of the environment or agent changes shapes or dtypes; it is named.
    """

    _alive: ClassVar[WeakValueDictionary[Any, Program]] = WeakValueDictionary()
    # Besides those of living tasks the last few are kept: TensorFlow does not give back all the memory of a compiled
    # function, so experiments of one kind, made one after the other, compile once.
    _recent: ClassVar[Recent[Any, Program]] = Recent(KEPT)

    def __init__(self, agent: FunctionalAgent, env: TensorEnv, num_envs: int) -> None:
        self.agent, self.env, self.num_envs = traced(agent), env, num_envs
        try:
            env.check()
        except ValueError as error:
            raise UsageError(str(error)) from error
        self.memory = agent.experience().in_program(agent, num_envs)
        self._checked = False
        self._preparing: Thread | None = None
        self._before_playing: dict[Any, Played] = {}

    @classmethod
    def shared(cls, agent: FunctionalAgent, env: TensorEnv, num_envs: int) -> Program:
        """Return the program of another living task where it is the same, so that it is compiled once for all.

        It is the same for agents of one class in one environment whose settings differ in `tensor_settings` at most,
        and which keep nothing else of their own that differs.
        """
        constants = (definition(type(agent)), fixed_settings(agent), own_attributes(agent))
        key = (type(agent), *constants, env.identity, num_envs, agent.masked)
        found = cls._alive.get(key)
        if found is None:
            found = cls._alive[key] = cls(agent, env, num_envs)
        made = found
        return cls._recent.get(key, lambda: made)

    def begin(self, env_keys: tf.Tensor, key: tf.Tensor, agent: AgentState) -> LaneState:
        """Return the state before the first step.

        Args:
            env_keys: uint32 (n, 2).
            key: uint32 (2,).
            agent: The agent's state.

        Raises:
            UsageError: When a function of the environment or agent changes shapes or dtypes; it is named.
        """
        zeros, carry = tf.zeros(self.num_envs), self.env.begin(env_keys)
        memory, hidden = self.memory.empty(agent.steps), no_hidden(self.agent, self.num_envs)
        state = LaneState(carry, zeros, zeros, agent, memory, key, tf.constant(True), self.no_statistics(), hidden)
        if self.agent.masked:
            state = state._replace(stuck=tf.constant(-1, tf.int64))
        if not self._checked:
            # Tracing the program holds agent and environment to what they declare before anything trains.
            zero = tf.zeros((), tf.int64)
            run = self.run.get_concrete_function(state, zero, tf.constant(False), zero)
            check_captures(self.agent, run)
            owner = f"{type(self.agent).__name__}.policy or learn, or the environment's functions"
            check_resumable(owner, run.graph, (), KEYED)
            self._checked = True
        return state

    def no_statistics(self) -> Statistics:
        """Return statistics of nothing."""
        zero = tf.zeros((), tf.float64)
        return Statistics(zero, zero, zero, zero, tf.zeros(len(self.agent.metric_names), tf.float64))

    @tf.function(jit_compile=True, autograph=False)
    def run(
        self, state: LaneState, until: tf.Tensor, guard: tf.Tensor, log_every: tf.Tensor
    ) -> tuple[LaneState, tf.Tensor, tf.Tensor]:
        """Train until `count` reaches `until`, int64 (), or where `guard` is set a metric is not finite.

        Args:
            state: Before.
            until: int64 ().
            guard: bool ().
            log_every: int64 (), steps between rows of the log that are gathered; 0 to gather none.

        Returns:
            The state after; rows float64 (ROWS, FIELDS + M); and how many of them there are, int32 ().
        """
        width = FIELDS + len(self.agent.metric_names)
        gathers = log_every > 0

        def fit(state: LaneState) -> tf.Tensor:
            whole = state.finite | ~guard
            return whole & (state.stuck < 0) if self.agent.masked else whole

        def going(state: LaneState) -> tf.Tensor:
            return (state.count < until) & fit(state)

        def up_to_a_row(state: LaneState, rows: tf.Tensor, number: tf.Tensor) -> tuple[LaneState, tf.Tensor, tf.Tensor]:
            before = state.count
            every = tf.maximum(log_every, 1)
            # The bound enters only a comparison: as a range it would be compiled in, and each length compiled anew.
            end = tf.where(gathers, tf.minimum(until, (before // every + 1) * every), until)
            (state,) = tf.while_loop(lambda s: (s.count < end) & fit(s), lambda s: (self.step(s),), (state,))
            due = gathers & (state.count // every > before // every)
            row = tf.concat([[tf.cast(state.count, tf.float64)], self.packed(state.statistics)], axis=0)
            rows = tf.where(due, tf.tensor_scatter_nd_update(rows, [[number]], row[None]), rows)
            fresh = tf.nest.map_structure(lambda old: tf.where(due, tf.zeros_like(old), old), state.statistics)
            return state._replace(statistics=fresh), rows, number + tf.cast(due, tf.int32)

        start = (state, tf.zeros((ROWS, width), tf.float64), tf.zeros((), tf.int32))
        return tf.while_loop(lambda state, *_: going(state), up_to_a_row, start)

    def packed(self, statistics: Statistics) -> tf.Tensor:
        """Return statistics as one vector, which costs one transfer: its fields, then the metrics, float64."""
        return tf.concat([tf.stack(statistics[:-1]), statistics.metrics], axis=0)

    def step(self, state: LaneState) -> LaneState:
        """Take one step of all environments and let the agent learn from it."""
        agent, carry = self.agent, state.carry
        act_key, learn_key = random.split(random.fold_in(state.key, state.count))
        mask = self.allowed(carry.state)
        choice = chosen_by(agent, state.agent, carry.observation, act_key, True, state.hidden, mask)
        after, step = self.env.advance(carry, pure_to_environment(self.env.action_space, choice.action))
        ends = (step.terminated, step.truncated)
        transition = Transition(carry.observation, choice.action, step.reward, *ends, step.observation, choice.extras)
        stuck = state.stuck
        if agent.masked:
            following = self.allowed(step.state)
            transition = transition._replace(action_mask=mask, next_action_mask=following)
            possible = tf.reduce_all(tf.reduce_any(mask, axis=1) & (tf.reduce_any(following, axis=1) | step.terminated))
            stuck = tf.where(possible | (stuck >= 0), stuck, state.count)
        known = state.agent._replace(steps=state.agent.steps + self.num_envs)
        learnt, memory, metrics, rounds = self.memory.step(agent, known, state.memory, transition, learn_key)
        check_same(f"{type(agent).__name__}.learn", known, learnt)
        returns, lengths = state.returns + step.reward, state.lengths + 1.0
        ended = tf.cast(step.terminated | step.truncated, tf.float32)
        totals = [tf.reduce_sum(x) for x in (ended, ended * returns, ended * lengths)]
        s, going = state.statistics, 1.0 - ended
        fields = [old + tf.cast(new, tf.float64) for old, new in zip(s[:-1], (*totals, rounds), strict=True)]
        statistics = Statistics(fields[0], fields[1], fields[2], fields[3], s.metrics + tf.cast(metrics, tf.float64))
        finite = tf.reduce_all(tf.math.is_finite(metrics))
        going_on = (returns * going, lengths * going)
        hidden = kept_hidden(choice.hidden, going)
        return LaneState(after, *going_on, learnt, memory, state.key, finite, statistics, hidden, stuck)

    def allowed(self, state: Any) -> Any:
        """Return which actions are allowed in states of the environment, bool (n, A), where the agent honours masks."""
        if not self.agent.honours_masks:
            return ()
        mask = self.env.action_mask(state)
        if isinstance(mask, tuple) and self.agent.masked:
            number = tf.nest.flatten(state)[0].shape[0]
            return tf.ones((number, int(self.env.action_space.n)), tf.bool)  # type: ignore[attr-defined]
        return mask

    def evaluate(self, agent: AgentState, env_keys: tf.Tensor, key: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Play one episode in each of n environments without exploring; return returns and lengths, float32 (n,).

        It is several calls of one program, each short, because signals are heard between calls; where it is cut changes
        no number.
        """
        state, until = self._not_begun(agent, env_keys, key), FIRST_CALL
        while True:
            began = time.perf_counter()
            state, going = self.play_until(agent, env_keys, key, state, tf.constant(until))
            if not going:
                return state.returns, state.lengths
            # So many more steps as take about a fifth of a second.
            until += max(FIRST_CALL, int(FIRST_CALL * 0.2 / max(1e-9, time.perf_counter() - began)))

    def _not_begun(self, agent: AgentState, env_keys: tf.Tensor, key: tf.Tensor) -> Played:
        if env_keys.shape not in self._before_playing:
            number = env_keys.shape[0]
            begun = tf.function(self.env.begin, autograph=False).get_concrete_function(env_keys).structured_outputs
            carry = tf.nest.map_structure(lambda part: tf.zeros(part.shape, part.dtype), begun)
            zeros, going = tf.zeros(number), tf.ones(number, tf.bool)
            hidden = no_hidden(self.agent, number)
            self._before_playing[env_keys.shape] = Played(tf.constant(0), carry, going, zeros, zeros, hidden)
        return self._before_playing[env_keys.shape]

    @tf.function(jit_compile=True, autograph=False)
    def play_until(
        self, agent: AgentState, env_keys: tf.Tensor, key: tf.Tensor, state: Played, until: tf.Tensor
    ) -> tuple[Played, tf.Tensor]:
        """Play on up to a step; return how far it has come, and whether anybody is still playing, bool ()."""
        # The first observations are drawn here, since the same draws outside of a program may have other last bits.
        begun, fresh = self.env.begin(env_keys), tf.equal(state.step, 0)
        carry = tf.nest.map_structure(lambda new, old: tf.where(fresh, new, old), begun, state.carry)

        def one(state: Played) -> tuple[Played]:
            own = random.fold_in(key, state.step)
            mask = self.allowed(state.carry.state)
            choice = chosen_by(self.agent, agent, state.carry.observation, own, False, state.hidden, mask)
            after, step = self.env.advance(state.carry, pure_to_environment(self.env.action_space, choice.action))
            weight = tf.cast(state.going, tf.float32)
            ended = step.terminated | step.truncated
            returns, lengths = state.returns + weight * step.reward, state.lengths + weight
            hidden = kept_hidden(choice.hidden, 1.0 - tf.cast(ended, tf.float32))
            return (Played(state.step + 1, after, state.going & ~ended, returns, lengths, hidden),)

        def more(state: Played) -> tf.Tensor:
            return tf.reduce_any(state.going) & (state.step < until)

        state = tf.while_loop(more, one, (state._replace(carry=carry),))[0]
        return state, tf.reduce_any(state.going)

    def prepare_evaluation(self, agent: AgentState, env_keys: tf.Tensor, key: tf.Tensor) -> None:
        """Begin to compile `evaluate` for arguments like these in a thread of its own; the first call does it."""
        if self._preparing is None:
            self._preparing = Thread(target=self._evaluate_once, args=(agent, env_keys, key))
            self._preparing.start()

    def wait(self) -> None:
        """Wait for the end of what `prepare_evaluation` began."""
        if self._preparing is not None:
            self._preparing.join()

    def _evaluate_once(self, *arguments: Any) -> None:
        # What fails here fails again in the call that was prepared for, where somebody hears of it.
        with suppress(Exception):
            self.play_until(*arguments, self._not_begun(*arguments), tf.constant(0))
