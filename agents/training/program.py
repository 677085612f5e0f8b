"""One compiled program: acting, stepping, resetting, learning and statistics, thousands of steps a call."""

from __future__ import annotations

import time
from contextlib import suppress
from threading import Thread
from typing import Any, ClassVar, NamedTuple
from weakref import WeakValueDictionary

import tensorflow as tf

from agents.base import Agent, Transition
from agents.functional import PURE
from agents.spaces import pure_to_environment
from envs import random
from envs.tensor import Carry, TensorEnv
from lab.errors import UsageError
from lab.runtime.recent import Recent

KEPT = 8
# Steps of the first call of an evaluation, by whose time the others are measured.
FIRST_CALL = 128


class Statistics(NamedTuple):
    """What has been gathered since the last row of the log, float64 ().

    Attributes:
        episodes: Episodes ended.
        returns, lengths: Their sums.
        rounds: Rounds of updates.
        metrics: Each metric's sum over the rounds.
    """

    episodes: tf.Tensor
    returns: tf.Tensor
    lengths: tf.Tensor
    rounds: tf.Tensor
    metrics: dict[str, tf.Tensor]


class LaneState(NamedTuple):
    """All that a compiled training run carries.

    Attributes:
        carry: The environments.
        returns, lengths: float32 (n,), of the present episodes.
        learner: The agent's pure state.
        key: uint32 (2,), of the agent's random numbers.
        count: int64 (), steps of all environments together.
        finite: bool (), whether every metric so far was.
        statistics: Since the last row of the log.
    """

    carry: Carry
    returns: tf.Tensor
    lengths: tf.Tensor
    learner: Any
    key: tf.Tensor
    count: tf.Tensor
    finite: tf.Tensor
    statistics: Statistics


class Judged(NamedTuple):
    """How far an evaluation has come.

    Attributes:
        step: int32 (), steps taken.
        carry: The environments.
        going: bool (n,), whose episodes have not ended.
        returns, lengths: float32 (n,), so far.
    """

    step: tf.Tensor
    carry: Carry
    going: tf.Tensor
    returns: tf.Tensor
    lengths: tf.Tensor


class Program:
    """Compiles one agent's training and judging in one TensorEnv.

    It holds definitions only, so runs of the same agent class, settings and environment share it: see `shared`.
    AutoGraph stays out of it: reading the source of every function called would take longer than compiling them, and
    errors would not arrive as they were raised. Functions with loops or branches on tensors use `tf.while_loop`,
    `tf.cond` and `tf.where`.

    Args:
        agent: A built agent with pure functions.
        env: The environment, its time limit applied.
        num_envs: Environments that step together.

    Raises:
        UsageError: When a function of the environment or agent changes shapes or dtypes; it is named.
    """

    _alive: ClassVar[WeakValueDictionary[Any, Program]] = WeakValueDictionary()
    # Besides those of living tasks the last few are kept: TensorFlow does not give back all the memory of a compiled
    # function, so experiments of one kind, made one after the other, compile once.
    _recent: ClassVar[Recent[Any, Program]] = Recent(KEPT)

    def __init__(self, agent: Agent, env: TensorEnv, num_envs: int) -> None:
        self.agent, self.env, self.num_envs = agent, env, num_envs
        try:
            env.check()
        except ValueError as error:
            raise UsageError(str(error)) from error
        for function in PURE:
            if not callable(getattr(agent, function, None)):
                raise UsageError(f"{type(agent).__name__} declares no {function}; the compiled lane needs it.")
        self._checked = False
        self._preparing: Thread | None = None
        self._before_judging: dict[Any, Judged] = {}

    @classmethod
    def shared(cls, agent: Agent, env: TensorEnv, num_envs: int) -> Program:
        """Return the program of another living task where it is the same, so that it is compiled once for all.

        It is the same for agents of one class in one environment whose settings differ in `pure_settings` at most.
        """
        fixed = {name: value for name, value in vars(agent.config).items() if name not in agent.pure_settings}
        # The functions themselves, because a class can be given others while its old program is kept.
        functions = tuple(getattr(type(agent), name) for name in (*PURE, *agent.pure_shared))
        key = (type(agent), functions, tuple(sorted(fixed.items())), env.identity, num_envs)
        found = cls._alive.get(key)
        if found is None:
            found = cls._alive[key] = cls(agent, env, num_envs)
        made = found
        return cls._recent.get(key, lambda: made)

    def begin(self, env_keys: tf.Tensor, key: tf.Tensor, learner: Any) -> LaneState:
        """Return the state before the first step.

        Args:
            env_keys: uint32 (n, 2).
            key: uint32 (2,).
            learner: The agent's pure state.

        Raises:
            UsageError: When a function of the environment or agent changes shapes or dtypes; it is named.
        """
        zeros, zero = tf.zeros(self.num_envs), tf.zeros((), tf.int64)
        carry, finite = self.env.begin(env_keys), tf.constant(True)
        state = LaneState(carry, zeros, zeros, learner, key, zero, finite, self.no_statistics())
        if not self._checked:
            self._check(state)
            self._checked = True
        return state

    def no_statistics(self) -> Statistics:
        """Return statistics of nothing."""
        zero = tf.zeros((), tf.float64)
        return Statistics(zero, zero, zero, zero, dict.fromkeys(self.agent.pure_metrics, zero))

    @tf.function(autograph=False)
    def packed(self, statistics: Statistics) -> tf.Tensor:
        """Return statistics as one vector, which costs one transfer: its fields, then the metrics in their order."""
        metrics = [statistics.metrics[name] for name in self.agent.pure_metrics]
        return tf.stack([*statistics[:4], *metrics])

    @tf.function(jit_compile=True, autograph=False)
    def run(self, state: LaneState, until: tf.Tensor, guard: tf.Tensor) -> LaneState:
        """Train until `count` reaches `until`, int64 (), or where `guard` is set a metric is not finite."""
        # The bound enters only a comparison: as a range it would be compiled in, and each length compiled anew.
        return tf.while_loop(
            lambda state: (state.count < until) & (state.finite | ~guard), lambda state: (self.step(state),), (state,)
        )[0]

    def step(self, state: LaneState) -> LaneState:
        """Take one step of all environments and let the agent learn from it."""
        carry = state.carry
        act_key, update_key = random.split(random.fold_in(state.key, state.count))
        action = self.agent.pure_act(state.learner, carry.observation, act_key, True)
        self._check_action(action)
        after, step = self.env.advance(carry, pure_to_environment(self.env.action_space, action))
        transition: Any = Transition(
            carry.observation, action, step.reward, step.terminated, step.truncated, step.observation
        )
        learner, metrics, rounds = self.agent.pure_update(state.learner, transition, update_key)
        self._check_update(state.learner, learner, metrics, rounds)
        returns, lengths = state.returns + step.reward, state.lengths + 1.0
        ended = tf.cast(step.terminated | step.truncated, tf.float32)
        finite = tf.reduce_all(tf.math.is_finite(tf.stack([rounds, *metrics.values()])))
        totals = [tf.reduce_sum(x) for x in (ended, ended * returns, ended * lengths)]
        s = state.statistics
        fields = [old + tf.cast(new, tf.float64) for old, new in zip(s[:4], (*totals, rounds), strict=True)]
        sums = {name: total + tf.cast(metrics[name], tf.float64) for name, total in s.metrics.items()}
        statistics = Statistics(fields[0], fields[1], fields[2], fields[3], sums)
        going = 1.0 - ended
        count = state.count + self.num_envs
        return LaneState(after, returns * going, lengths * going, learner, state.key, count, finite, statistics)

    def judge(self, learner: Any, env_keys: tf.Tensor, key: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Play one episode in each of n environments without exploring; return returns and lengths, float32 (n,).

        It is several calls of one program, each short, because signals are heard between calls; where it is cut changes
        no number.
        """
        state, until = self._nothing_judged(learner, env_keys, key), FIRST_CALL
        while True:
            began = time.perf_counter()
            state, going = self._judge_until(learner, env_keys, key, state, tf.constant(until))
            if not going:
                return state.returns, state.lengths
            # So many more steps as take about a fifth of a second.
            until += max(FIRST_CALL, int(FIRST_CALL * 0.2 / max(1e-9, time.perf_counter() - began)))

    def _nothing_judged(self, learner: Any, env_keys: tf.Tensor, key: tf.Tensor) -> Judged:
        if env_keys.shape not in self._before_judging:
            number = env_keys.shape[0]
            begun = tf.function(self.env.begin, autograph=False).get_concrete_function(env_keys).structured_outputs
            carry = tf.nest.map_structure(lambda part: tf.zeros(part.shape, part.dtype), begun)
            zeros, going = tf.zeros(number), tf.ones(number, tf.bool)
            self._before_judging[env_keys.shape] = Judged(tf.constant(0), carry, going, zeros, zeros)
        return self._before_judging[env_keys.shape]

    @tf.function(jit_compile=True, autograph=False)
    def _judge_until(
        self, learner: Any, env_keys: tf.Tensor, key: tf.Tensor, state: Judged, until: tf.Tensor
    ) -> tuple[Judged, tf.Tensor]:
        # The first observations are drawn here, since the same draws outside of a program may have other last bits.
        begun, fresh = self.env.begin(env_keys), tf.equal(state.step, 0)
        carry = tf.nest.map_structure(lambda new, old: tf.where(fresh, new, old), begun, state.carry)

        def one(state: Judged) -> tuple[Judged]:
            action = self.agent.pure_act(learner, state.carry.observation, random.fold_in(key, state.step), False)
            after, step = self.env.advance(state.carry, pure_to_environment(self.env.action_space, action))
            weight = tf.cast(state.going, tf.float32)
            going = state.going & ~(step.terminated | step.truncated)
            returns, lengths = state.returns + weight * step.reward, state.lengths + weight
            return (Judged(state.step + 1, after, going, returns, lengths),)

        def more(state: Judged) -> tf.Tensor:
            return tf.reduce_any(state.going) & (state.step < until)

        state = tf.while_loop(more, one, (state._replace(carry=carry),))[0]
        return state, tf.reduce_any(state.going)

    def prepare_judging(self, learner: Any, env_keys: tf.Tensor, key: tf.Tensor) -> None:
        """Begin to compile `judge` for arguments like these in a thread of its own; the first call does it."""
        if self._preparing is None:
            self._preparing = Thread(target=self._judge_once, args=(learner, env_keys, key))
            self._preparing.start()

    def wait(self) -> None:
        """Wait for the end of what `prepare_judging` began."""
        if self._preparing is not None:
            self._preparing.join()

    def _judge_once(self, *arguments: Any) -> None:
        # What fails here fails again in the call that was prepared for, where somebody hears of it.
        with suppress(Exception):
            self._judge_until(*arguments, self._nothing_judged(*arguments), tf.constant(0))

    def _check(self, state: LaneState) -> None:
        """Trace the program, which holds agent and environment to what they declare before anything trains."""
        traced = self.run.get_concrete_function(state, tf.zeros((), tf.int64), tf.constant(False))
        if traced.captured_inputs:
            read = sorted({str(getattr(x, "name", None) or x.dtype.name) for x in traced.graph.external_captures})
            raise UsageError(
                f"{type(self.agent).__name__}.pure_act or pure_update, or the environment's functions, read tensors "
                f"that are not among their arguments: {', '.join(read)}. Fix: return them from pure_state, and read "
                "them from the state."
            )

    def _check_action(self, action: tf.Tensor) -> None:
        shape = (self.num_envs, *(self.env.action_space.shape or ()))
        dtype = tf.float32 if shape[1:] else tf.int32
        if tuple(action.shape) != shape or action.dtype != dtype:
            raise UsageError(
                f"{type(self.agent).__name__}.pure_act returned {action.dtype.name} {tuple(action.shape)} for "
                f"{self.num_envs} environments; expected {dtype.name} {shape}."
            )

    def _check_update(self, before: Any, after: Any, metrics: dict[str, tf.Tensor], rounds: tf.Tensor) -> None:
        name = type(self.agent).__name__
        _same(f"{name}.pure_update", before, after)
        if set(metrics) != set(self.agent.pure_metrics) or rounds.shape != ():
            raise UsageError(
                f"{name}.pure_update returned the metrics {sorted(metrics)}; expected {self.agent.pure_metrics} "
                "and a count of rounds of shape ()."
            )


def _same(where: str, before: Any, after: Any) -> None:
    try:
        tf.nest.assert_same_structure(before, after)
    except (ValueError, TypeError) as error:
        raise UsageError(f"{where} returned a state of another structure than it was given: {error}") from error
    for i, (old, new) in enumerate(zip(tf.nest.flatten(before), tf.nest.flatten(after), strict=True)):
        if old.shape != new.shape or old.dtype != new.dtype:
            raise UsageError(
                f"{where} changed part {i} of the state from {old.dtype.name} {tuple(old.shape)} to "
                f"{new.dtype.name} {tuple(new.shape)}; expected the same."
            )
