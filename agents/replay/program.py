"""Experience replay inside compiled loops: a ring of transitions as explicit tensors."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import gymnasium
import tensorflow as tf
from gymnasium.spaces import Box, Discrete

from agents.replay.host import ReplayBatch
from envs import random

COLUMNS = 3


class Ring(NamedTuple):
    """Transitions, oldest overwritten first.

    Attributes:
        rows: float32 (C, w), action, reward, terminated and, unless they are pictures, both observations.
        frames: uint8 (C, ...) of observations and of next observations, or () where they stand in `rows`.
        cursor: int32 (), where the next rows go.
        size: int32 (), rows filled.
    """

    rows: tf.Tensor
    frames: tuple[tf.Tensor, ...]
    cursor: tf.Tensor
    size: tf.Tensor


class RingReplay:
    """Says how transitions of some environments lie in a `Ring`, and reads and writes it.

    A transition is one row, for each tensor that a compiled loop carries, reads and writes costs as much as a layer
    of a small network.

    Args:
        space: Of one observation: Discrete, float Box or uint8 Box.
        capacity: Transitions kept; rounded down to a multiple of `number`, so that a step's rows lie side by side.
        number: Environments that step together.
    """

    def __init__(self, space: gymnasium.Space[Any], capacity: int, number: int) -> None:
        self.capacity = max(1, capacity // number) * number
        self.number = number
        self.shape = tuple(space.shape or ())
        self.discrete = isinstance(space, Discrete)
        self.pictures = isinstance(space, Box) and space.dtype == "uint8"
        self.size = 1 if self.discrete else math.prod(self.shape)

    def empty(self) -> Ring:
        """Return a ring without transitions."""
        width = COLUMNS if self.pictures else COLUMNS + 2 * self.size
        frame = (self.capacity, *self.shape)
        frames = (tf.zeros(frame, tf.uint8), tf.zeros(frame, tf.uint8)) if self.pictures else ()
        zero = tf.zeros((), tf.int32)
        return Ring(tf.zeros((self.capacity, width)), frames, zero, zero)

    def write(
        self,
        ring: Ring,
        observation: tf.Tensor,
        action: tf.Tensor,
        reward: tf.Tensor,
        terminated: tf.Tensor,
        next_observation: tf.Tensor,
    ) -> Ring:
        """Return the ring with one step of all environments added; compiles under XLA only."""
        from tensorflow.compiler.tf2xla.python import xla

        def put(array: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
            start = [ring.cursor] + [tf.constant(0)] * (len(array.shape) - 1)
            return xla.dynamic_update_slice(array, rows, start)

        columns = tf.stack([tf.cast(x, tf.float32) for x in (action, reward, terminated)], axis=-1)
        parts = [columns]
        frames = ring.frames
        if self.pictures:
            pairs = zip(ring.frames, (observation, next_observation), strict=True)
            frames = tuple(put(array, rows) for array, rows in pairs)
        else:
            # float32 holds whole numbers up to 2**24, more states than a table or a one-hot row will have.
            for values in (observation, next_observation):
                parts.append(tf.reshape(tf.cast(values, tf.float32), (self.number, self.size)))
        rows = put(ring.rows, tf.concat(parts, axis=-1))
        cursor = (ring.cursor + self.number) % self.capacity
        return Ring(rows, frames, cursor, tf.minimum(ring.size + self.number, self.capacity))

    def sample(self, ring: Ring, key: tf.Tensor, number: int) -> ReplayBatch:
        """Draw transitions uniformly with replacement, as tensors (number, ...)."""

        def drawn(done: tf.Tensor, _: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            unit = random.uniform(key, (number,))
            return done + 1, tf.minimum(tf.cast(unit * tf.cast(ring.size, tf.float32), tf.int32), ring.size - 1)

        # A loop of one turn, whose end XLA cannot foresee: without it, it would draw a row's number anew for each of
        # the row's columns.
        once = tf.minimum(ring.size, 1)
        start = (tf.zeros_like(once), tf.zeros(number, tf.int32))
        places = tf.while_loop(lambda done, _: done < once, drawn, start)[1]
        rows = tf.gather(ring.rows, places)
        action, reward, terminated = (rows[:, i] for i in range(COLUMNS))
        if self.pictures:
            observation, following = (tf.gather(array, places) for array in ring.frames)
        else:
            observation, following = tf.split(rows[:, COLUMNS:], 2, axis=-1)
            if self.discrete:
                observation, following = (tf.cast(x[:, 0], tf.int32) for x in (observation, following))
            else:
                observation, following = (tf.reshape(x, (number, *self.shape)) for x in (observation, following))
        return ReplayBatch(observation, tf.cast(action, tf.int32), reward, terminated, following)
