"""A replay inside a compiled program, and the updates that both lanes make on what was drawn from one."""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf

from agents.replay.layout import Layout
from agents.replay.learning import learnt_from
from agents.replay.storage import ProgramStorage, Stored
from agents.transitions import Batch, Transition
from envs import random


class ReplayTensors(NamedTuple):
    """What a program carries of a replay.

    Attributes:
        stored: The transitions.
        sampler: What the sampler keeps.
        next_round: int64 (), the step at which the next round of updates is due.
    """

    stored: Stored
    sampler: Any
    next_round: tf.Tensor


class ProgramReplay:
    """Keeps an agent's transitions inside a program, and learns from them when a round of updates is due.

    Args:
        replay: What is kept and when learnt from: a `Replay`.
        agent: Whose.
        number: Environments that step together.
    """

    def __init__(self, replay: Any, agent: Any, number: int) -> None:
        self.replay, self.number = replay, number
        layout = Layout.of(agent)
        self.storage = ProgramStorage(layout, max(replay.capacity, replay.n_steps * number), number)

    def empty(self, steps: Any = 0) -> ReplayTensors:
        """Return the replay before the first step.

        Args:
            steps: int64 (), those that the agent has behind it, whose rounds of updates are not caught up.
        """
        first = self.replay.first_round(self.number)
        sampler = self.replay.sampler.empty(self.storage.capacity)
        return ReplayTensors(self.storage.empty(), sampler, tf.constant(first, tf.int64) + tf.cast(steps, tf.int64))

    def stored(self, tensors: ReplayTensors) -> ReplayTensors:
        """Return what checkpoints hold of the replay: what nothing else says."""
        return tensors._replace(sampler=self.replay.sampler.stored(tensors.sampler))

    def restored(self, stored: ReplayTensors) -> ReplayTensors:
        """Return the replay of which `stored` returned this."""
        sampler = self.replay.sampler.restored(stored.sampler, *self._drawable(stored.stored))
        return stored._replace(sampler=sampler)

    def _drawable(self, stored: Stored) -> tuple[tf.Tensor, tf.Tensor]:
        # From where on, and how many rows may be drawn: those that begin a window.
        zero = tf.zeros((), tf.int32)
        first = tf.where(stored.size < self.storage.capacity, 0, stored.cursor) if self.replay.n_steps > 1 else zero
        return first, stored.size - (self.replay.n_steps - 1) * self.number

    def untaught(self, agent: Any, state: Any, tensors: ReplayTensors, steps: int) -> str:
        """Return whether further steps of an agent teach nothing; see `Replay.untaught`."""
        due = int(tensors.next_round) - int(state.steps)
        return str(self.replay.untaught(type(agent).__name__, due, self.number, steps))

    def filled(self, tensors: ReplayTensors, steps: Transition) -> ReplayTensors:
        """Return the replay with steps of all environments added, which were taken before.

        Args:
            tensors: The replay.
            steps: Of arrays (L, n, ...), with neither masks nor extras.
        """
        apart = self.storage.layout.apart
        observations = tf.float32 if apart is None else tf.as_dtype(apart)
        kinds = (observations, tf.float32, tf.float32, tf.bool, tf.bool, observations)
        given = tuple(tf.cast(part, kind) for part, kind in zip(steps[:6], kinds, strict=True))
        stored, sampler = self._filled(tensors.stored, tensors.sampler, given)
        return tensors._replace(stored=stored, sampler=sampler)

    @tf.function(jit_compile=True, autograph=False)
    def _filled(self, stored: Stored, sampler: Any, given: tuple[tf.Tensor, ...]) -> tuple[Any, ...]:
        def one(i: tf.Tensor, stored: Stored, sampler: Any) -> tuple[Any, ...]:
            now = ReplayTensors(stored, sampler, tf.zeros((), tf.int64))
            stored, sampler, _ = self._added(now, Transition(*(part[i] for part in given)))
            return i + 1, stored, sampler

        start = tf.zeros((), tf.int32), stored, sampler
        return tuple(tf.while_loop(lambda i, *_: i < given[0].shape[0], one, start)[1:])

    def _added(self, tensors: ReplayTensors, transition: Transition) -> tuple[Stored, Any, tuple[tf.Tensor, tf.Tensor]]:
        stored, waiting = self.storage.write(tensors.stored, transition), (self.replay.n_steps - 1) * self.number
        drawable = self._drawable(stored)
        given = tensors.sampler, tensors.stored.cursor, self.number
        return stored, self.replay.sampler.added(*given, *drawable, waiting), drawable

    def step(
        self, agent: Any, state: Any, tensors: ReplayTensors, transition: Transition, key: tf.Tensor
    ) -> tuple[Any, ReplayTensors, tf.Tensor, tf.Tensor]:
        """Take note of one step of all environments, and make the rounds of updates that have come due.

        Args:
            agent: Whose `learn` it is.
            state: Of the agent, the step counted.
            tensors: The replay.
            transition: Of tensors (n, ...).
            key: uint32 (2,).

        Returns:
            The agent's state, the replay, the sums of the rounds' mean metrics float32 (M,), and rounds made, int64 ().
        """
        replay, capacity = self.replay, self.storage.capacity
        stored, sampler, (first, size) = self._added(tensors, transition)
        # As many rounds as have come due; a loop that runs no time costs less than a branch.
        late = state.steps - tensors.next_round
        rounds = tf.where(late >= 0, late // replay.update_every + 1, tf.zeros_like(late))
        state = agent.begin_round(state, rounds > 0)
        progress = tf.minimum(1.0, tf.cast(state.steps, tf.float32) / tf.cast(state.settings["run_length"], tf.float32))

        def one(i: tf.Tensor, parameters: Any, sampler: Any, metrics: tf.Tensor) -> tuple[Any, ...]:
            # With one kind of draw an update, its key is as good as any derived from it.
            own = random.fold_in(key, i)
            drawn, weights = replay.sampler.draw(sampler, own, replay.batch_size, first, size, progress)
            indices = (drawn + first) % capacity if replay.n_steps > 1 else drawn
            places = indices
            if replay.n_steps > 1:
                places = (indices[:, None] + self.number * tf.range(replay.n_steps)) % capacity
            rows, apart = self.storage.take(stored, places)
            now = state._replace(parameters=parameters)
            batch = _batch(self.storage.layout, replay, agent, now, rows, apart, weights)
            batch, own = batch._replace(indices=indices), random.fold_in(own, 1)
            learnt = learnt_from(agent, now, batch, own, replay.sampler.wants_errors)
            if replay.sampler.wants_errors:
                sampler = replay.sampler.updated(sampler, indices, learnt.errors)
            metrics += stacked_metrics(agent, learnt) / replay.updates_per_round
            return i + 1, learnt.parameters, sampler, metrics

        updates = rounds * replay.updates_per_round
        start = (tf.zeros((), tf.int64), state.parameters, sampler, tf.zeros(len(agent.metric_names)))
        _, parameters, sampler, metrics = tf.while_loop(lambda i, *_: i < updates, one, start)
        due = tensors.next_round + rounds * replay.update_every
        return state._replace(parameters=parameters), ReplayTensors(stored, sampler, due), metrics, rounds


def updates_on(
    replay: Any, agent: Any, state: Any, data: tuple[Any, ...], key: tf.Tensor
) -> tuple[Any, tf.Tensor, tf.Tensor | None]:
    """Make one round of updates on batches that were drawn beforehand: the host lane's.

    Args:
        replay: The `Replay`.
        agent: Whose `learn` it is.
        state: Of the agent.
        data: Rows float32 (updates, B, w) or (updates, B, n, w), what lies apart, weights (updates, B) or (), and
            where in the replay the rows lie, int32 (updates, B).
        key: uint32 (2,).

    Returns:
        The new parameters, the means of the metrics float32 (M,), and the errors float32 (updates * B,) or None.
    """
    rows, apart, weights, indices = data
    layout = Layout.of(agent)
    state = agent.begin_round(state, tf.constant(True))
    updates, size = rows.shape[:2]
    errors = tf.zeros((updates, size)) if replay.sampler.wants_errors else ()

    def one(i: tf.Tensor, parameters: Any, metrics: tf.Tensor, errors: Any) -> tuple[Any, ...]:
        now = state._replace(parameters=parameters)
        weight = weights[i] if tf.is_tensor(weights) else tf.ones(size)
        batch = _batch(layout, replay, agent, now, rows[i], tuple(a[i] for a in apart), weight)
        batch, own = batch._replace(indices=indices[i]), random.fold_in(key, i)
        learnt = learnt_from(agent, now, batch, own, replay.sampler.wants_errors)
        if replay.sampler.wants_errors:
            errors = tf.tensor_scatter_nd_update(errors, [[i]], learnt.errors[None])
        return i + 1, learnt.parameters, metrics + stacked_metrics(agent, learnt), errors

    start = (tf.zeros((), tf.int32), state.parameters, tf.zeros(len(agent.metric_names)), errors)
    looped = tf.while_loop(lambda i, *_: i < updates, one, start) if updates > 1 else one(*start)
    _, parameters, metrics, errors = looped
    return parameters, metrics / updates, tf.reshape(errors, [-1]) if replay.sampler.wants_errors else None


def _batch(
    layout: Layout, replay: Any, agent: Any, state: Any, rows: tf.Tensor, apart: tuple[tf.Tensor, ...], weights: Any
) -> Batch:
    discount = getattr(agent.hyperparameters(state), "discount", 1.0)
    batch: Batch = replay.accumulated(layout.unpacked(rows, apart), discount)
    return batch._replace(weights=weights)


def stacked_metrics(agent: Any, learnt: Any) -> tf.Tensor:
    """Return the metrics of an update in the order of their names, float32 (M,)."""
    return tf.stack([tf.cast(learnt.metrics[name], tf.float32) for name in agent.metric_names])
