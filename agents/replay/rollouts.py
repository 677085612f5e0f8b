"""Rollouts of the present policy: gathered, prepared by the agent, and gone through in shuffled minibatches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from agents.replay.layout import Layout
from agents.replay.learning import learnt_from
from agents.replay.program import stacked_metrics
from agents.replay.storage import HostStorage, ProgramStorage, Stored, check_names
from agents.transitions import Transition
from envs import random
from lab.errors import CheckpointError, UsageError
from lab.runs.state_checks import restore_generator


def updates_on(rollouts: Any, agent: Any, state: Any, data: tuple[Any, ...], key: tf.Tensor) -> tuple[Any, tf.Tensor]:
    """Make the updates of all epochs on one rollout, as pure TensorFlow.

    Args:
        rollouts: A `Rollouts`.
        agent: Its `prepare` gives a batch of all transitions, its `learn` updates on a minibatch of them.
        state: Of the agent.
        data: Rows float32 (T, n, w), and what lies apart.
        key: uint32 (2,).

    Returns:
        The new parameters, and the means of the metrics over the updates, float32 (M,).
    """
    rows, apart = data
    number = rows.shape[0] * rows.shape[1] // rollouts.sequence
    layout = Layout.of(agent)
    state = agent.begin_round(state, tf.constant(True))
    rollout = layout.unpacked(rows, apart)
    state = agent.before_updates(state, rollout)
    whole = agent.prepare(state, rollout)
    size, wanted = number // rollouts.minibatches, len(agent.metric_names)

    def epoch(e: tf.Tensor, parameters: Any, metrics: tf.Tensor) -> tuple[Any, ...]:
        # One order an epoch: sorting takes about a tenth of the time of an epoch of small networks.
        order = tf.argsort(random.uniform(random.fold_in(key, e), (number,)))

        def one(place: tf.Tensor, parameters: Any, metrics: tf.Tensor) -> tuple[Any, ...]:
            chosen = tf.slice(order, [place * size], [size])
            batch = tf.nest.map_structure(lambda part: tf.gather(part, chosen) if tf.is_tensor(part) else part, whole)
            own = random.fold_in(key, rollouts.epochs + e * rollouts.minibatches + place)
            learnt = learnt_from(agent, state._replace(parameters=parameters), batch, own, False)
            return place + 1, learnt.parameters, metrics + stacked_metrics(agent, learnt)

        start = (tf.zeros((), tf.int32), parameters, metrics)
        return e + 1, *tf.while_loop(lambda place, *_: place < rollouts.minibatches, one, start)[1:]

    start = (tf.zeros((), tf.int32), state.parameters, tf.zeros(wanted))
    _, parameters, metrics = tf.while_loop(lambda e, *_: e < rollouts.epochs, epoch, start)
    state = agent.after_updates(state._replace(parameters=parameters), rollout)
    return state.parameters, metrics / (rollouts.epochs * rollouts.minibatches)


class ProgramRollouts:
    """Gathers rollouts inside a program, and learns from each that is whole.

    Args:
        rollouts: A `Rollouts`.
        agent: Whose.
        number: Environments that step together.
    """

    def __init__(self, rollouts: Any, agent: Any, number: int) -> None:
        rollouts.check(number)
        self.rollouts, self.number = rollouts, number
        layout = Layout.of(agent)
        self.storage = ProgramStorage(layout, rollouts.length * number, number)

    def empty(self, steps: Any = 0) -> Stored:
        """Return no steps, whatever steps the agent has behind it."""
        return self.storage.empty()

    def untaught(self, agent: Any, state: Any, tensors: Stored, steps: int) -> str:
        """Return which of further steps of an agent teach nothing; see `Rollouts.untaught`."""
        return str(self.rollouts.untaught(type(agent).__name__, int(tensors.cursor), self.number, steps))

    def step(
        self, agent: Any, state: Any, tensors: Stored, transition: Transition, key: tf.Tensor
    ) -> tuple[Any, Stored, tf.Tensor, tf.Tensor]:
        """Take note of one step of all environments, and learn if the rollout is whole; see `ProgramReplay.step`."""
        from tensorflow.compiler.tf2xla.python import xla

        stored = self.storage.write(tensors, transition)
        rounds = tf.cast(tf.equal(stored.cursor, 0), tf.int64)
        shape = (self.rollouts.length, self.number)

        def one(i: tf.Tensor, parameters: Any, _: tf.Tensor) -> tuple[Any, ...]:
            # Tied to the counter: what depends on the rollout and the key alone, such as the order of its rows, would
            # else be computed ahead of the loop by XLA, and so at every step.
            _, own, *held = xla.optimization_barrier(i, key, stored.rows, *stored.apart)
            rows, *apart = (tf.reshape(part, (*shape, *part.shape[1:])) for part in held)
            now = state._replace(parameters=parameters)
            return i + 1, *updates_on(self.rollouts, agent, now, (rows, tuple(apart)), own)

        start = (tf.zeros((), tf.int64), state.parameters, tf.zeros(len(agent.metric_names)))
        _, parameters, metrics = tf.while_loop(lambda i, *_: i < rounds, one, start)
        return state._replace(parameters=parameters), stored, metrics, rounds


class HostRollouts:
    """Gathers rollouts of environments that step in Python, and learns from each in one compiled call.

    Args:
        rollouts: A `Rollouts`.
        agent: Whose.
    """

    def __init__(self, rollouts: Any, agent: Any) -> None:
        rollouts.check(agent.num_envs)
        self.rollouts, self.number = rollouts, agent.num_envs
        layout = Layout.of(agent)
        self.storage = HostStorage(layout, rollouts.length * self.number)
        self.rng: np.random.Generator = agent.seeds.generator("replay")
        self.whole = False
        self.header = len(agent.metric_names)

    def add(self, transition: Transition) -> None:
        """Store one step of n environments."""
        if len(transition.reward) != self.number:
            raise UsageError(
                f"rollouts were to be of {self.number} environments; received {len(transition.reward)}. "
                f"Fix: agent.resize({len(transition.reward)}), which an Experiment with that num_envs calls."
            )
        self.storage.add(transition)
        self.whole = self.storage.cursor == 0

    def resized(self, agent: Any) -> HostRollouts:
        """Return an empty rollout for the number of environments that an agent has now."""
        made = HostRollouts(agent.experience(), agent)
        made.rng = self.rng
        return made

    def untaught(self, agent: Any, steps: int) -> str:
        """Return which of further steps of an agent teach nothing; see `Rollouts.untaught`."""
        return str(self.rollouts.untaught(type(agent).__name__, self.storage.cursor, self.number, steps))

    def leave(self, rows: np.ndarray) -> None:
        """Let the newest step of some environments, int64, be the last of their episodes."""
        self.storage.cut(rows, self.number)

    def learn(self, agent: Any) -> Mapping[str, float] | None:
        """Learn from the rollout if it is whole; return the means of the metrics, or None."""
        if not self.whole:
            return None
        self.whole = False
        shape = (self.rollouts.length, self.number)
        rows = self.storage.rows.reshape(*shape, -1)
        apart = tuple(array.reshape(*shape, *array.shape[1:]) for array in self.storage.apart)
        metrics: Mapping[str, float] = agent.rule.learn((rows, apart), self.rng)[0]
        return metrics

    def get_state(self) -> dict[str, Any]:
        """Return all that training changes."""
        return {**self.storage.get_state(), "whole": self.whole, "random_state": self.rng.bit_generator.state}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Restore what `get_state` returned."""
        check_names(state, HostStorage.NAMES | {"whole", "random_state"})
        if state["whole"] not in (0, 1):
            raise CheckpointError("the checkpoint holds no rollout. Fix: build it with the settings of the run.")
        self.storage.set_state(state)
        restore_generator(self.rng, state["random_state"], "Rollouts.rng")
        self.whole = bool(state["whole"])
