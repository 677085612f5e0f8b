"""Key-to-door: a key taken in the first room decides, two rooms later, whether a door opens."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from gymnasium.spaces import Box, Discrete

from envs import random
from envs.drawing import canvas as drawing
from envs.drawing.canvas import Canvas, Point
from envs.tensor import State, TensorEnv, TensorStep

MOVES = ((-1, 0), (0, 1), (1, 0), (0, -1))


class KeyDoorState(NamedTuple):
    """Where n episodes are; the draws of the whole episode are made when it begins.

    Attributes:
        agent: int32 (n, 2), its row and column in the present room.
        entries: int32 (n, 3, 2), where it enters each room; the first one is where it begins.
        key, door: int32 (n, 2), their cells in the first and the third room.
        has_key: bool (n,).
        elapsed: int32 (n,), steps since the beginning.
    """

    agent: tf.Tensor
    entries: tf.Tensor
    key: tf.Tensor
    door: tf.Tensor
    has_key: tf.Tensor
    elapsed: tf.Tensor


class KeyDoor(TensorEnv):
    """Takes a key in the first room, waits in an empty second one and opens a door in the third.

    Each room is a square of cells without inner walls. The agent stays in each for a fixed number of steps, whatever
    it does there, and is then put on a random cell of the next. The cells of the key and of the door are random as
    well, and never where the agent enters. Entering the key's cell takes the key.

    - Observation: float32 (6 * size + 1,), zeros and ones: one-hot row (size) and column (size) of the agent, one-hot
      row and column (2 * size - 1 each) of the key or the door as seen from the agent, from -(size - 1) to size - 1,
      and one-hot room (3). Where there is nothing to see, because the key is taken or the room is empty, the second
      pair is zero. All of the present room is visible and nothing else: neither whether the agent has the key, except
      by the key's absence from the first room, nor the time. So what the key is worth can only be learned across the
      empty room, and what the door will pay only be remembered.
    - Actions: 0 up, 1 right, 2 down, 3 left; against a wall the agent stays.
    - Reward: 1 for entering the door's cell with the key, else 0.
    - Ends: terminated at the door, with or without the key; truncated when the time of the third room is up.
    - Random play opens the door in 6.8 % of the episodes at the default size (computed exactly; the tests repeat it).
      Shortest paths always do: none is longer than 2 * (size - 1) steps.
    - Source: the long-term credit assignment experiment of Chen et al. 2021, "Decision Transformer", after Mesnard et
      al. 2021, "Counterfactual Credit Assignment", and Hung et al. 2019, "Optimizing agent behavior over long time
      scales by transporting value". As in the first, the second room is empty and no reward distracts. Rooms, times
      and observations are our own choice: they are meant for small networks and for random data with few but enough
      successes.

    Args:
        size: Cells along a side of each room, 2 to 16.
        times: Steps spent in each of the three rooms; at least 2 * (size - 1) in the first and the third.

    Raises:
        ValueError: For another size, or times in which the task cannot always be solved.
    """

    max_episode_steps = 28

    def __init__(self, size: int = 4, times: tuple[int, int, int] = (8, 12, 8)) -> None:
        if not 2 <= size <= 16:
            raise ValueError(f"KeyDoor: size received {size}; expected 2 to 16 cells a side.")
        longest = 2 * (size - 1)
        if len(times) != 3 or times[0] < longest or times[1] < 0 or times[2] < longest:
            raise ValueError(
                f"KeyDoor: times received {times}; expected three numbers of steps, the first and the third at least "
                f"{longest}, the longest path in a room of size {size}. Fix: give more time or make the rooms smaller."
            )
        self.size, self.times = size, tuple(times)
        self.max_episode_steps = sum(times)
        self.observation_space = Box(0.0, 1.0, (6 * size + 1,), np.float32)
        self.action_space = Discrete(len(MOVES))

    def reset(self, key: tf.Tensor) -> tuple[State, tf.Tensor]:
        cells = self.size**2
        entry_key, target_key = random.split(key)
        entries = random.integers(entry_key, cells, (3,))
        # 1 to cells - 1 further on, modulo cells: any cell but the entry.
        shifts = 1 + random.integers(target_key, cells - 1, (2,))
        targets = (tf.stack([entries[:, 0], entries[:, 2]], axis=1) + shifts) % cells
        places = tf.stack([entries // self.size, entries % self.size], axis=-1)
        targets = tf.stack([targets // self.size, targets % self.size], axis=-1)
        nothing = tf.zeros(key.shape[0], tf.int32)
        state = KeyDoorState(places[:, 0], places, targets[:, 0], targets[:, 1], tf.cast(nothing, tf.bool), nothing)
        return state, self._observe(state)

    def step(self, state: State, action: tf.Tensor, key: tf.Tensor) -> TensorStep:
        room = self._room(state.elapsed)
        agent = tf.clip_by_value(state.agent + tf.gather(tf.constant(MOVES), action), 0, self.size - 1)
        has_key = state.has_key | ((room == 0) & tf.reduce_all(agent == state.key, axis=1))
        terminated = (room == 2) & tf.reduce_all(agent == state.door, axis=1)
        reward = tf.cast(terminated & has_key, tf.float32)
        elapsed = state.elapsed + 1
        new_room = self._room(elapsed)
        entry = tf.gather(state.entries, new_room, batch_dims=1)
        agent = tf.where((new_room != room)[:, None], entry, agent)
        new = KeyDoorState(agent, state.entries, state.key, state.door, has_key, elapsed)
        return TensorStep(new, self._observe(new), reward, terminated, tf.zeros_like(terminated))

    def _room(self, elapsed: Any) -> Any:
        first, second, _ = self.times
        return tf.cast(elapsed >= first, tf.int32) + tf.cast(elapsed >= first + second, tf.int32)

    def _observe(self, state: KeyDoorState) -> tf.Tensor:
        room = self._room(state.elapsed)
        seen = ((room == 0) & ~state.has_key) | (room == 2)
        offset = tf.where((room == 2)[:, None], state.door, state.key) - state.agent + self.size - 1
        # -1 gives a row of zeros.
        offset = tf.where(seen[:, None], offset, -1)
        parts = [tf.one_hot(state.agent[:, i], self.size) for i in (0, 1)]
        parts += [tf.one_hot(offset[:, i], 2 * self.size - 1) for i in (0, 1)]
        return tf.concat([*parts, tf.one_hot(room, 3)], axis=1)

    def draw(self, state: State) -> np.ndarray:
        canvas = Canvas(600, 300)
        elapsed, has_key = int(state.elapsed), bool(state.has_key)
        room = int(self._room(elapsed))
        opened = room == 2 and bool((state.agent == state.door).all())
        headline = ("The key is found" if has_key else "Find the key", "Wait", "Open the door")[room]
        if opened:
            headline = "The door opens" if has_key else "The door is locked"
        canvas.text(headline, 24, 20, 30)
        carried = "with the key" if has_key else "without the key"
        canvas.text(f"step {elapsed} of {self.max_episode_steps}, {carried}", 24, 48, 22, drawing.MUTED)
        for number in range(3):
            self._draw_room(canvas, state, number, room)
        return canvas.pixels()

    def _draw_room(self, canvas: Canvas, state: State, number: int, room: int) -> None:
        side, top = 160.0, 84.0
        left, cell = 24.0 + 196 * number, 160.0 / self.size

        def middle(place: np.ndarray) -> Point:
            return left + (int(place[1]) + 0.5) * cell, top + (int(place[0]) + 0.5) * cell

        here = number == room
        canvas.rectangle(left - 6, top - 6, side + 12, side + 12, drawing.INK if here else (206, 206, 204), 8)
        for row in range(self.size):
            for column in range(self.size):
                light = (252, 251, 247) if (row + column) % 2 else drawing.SAND
                colour = light if here else (232, 231, 227) if (row + column) % 2 else (224, 222, 216)
                canvas.rectangle(left + column * cell, top + row * cell, cell, cell, colour)
        if number == 0 and not state.has_key:
            _draw_key(canvas, middle(state.key), cell, drawing.GOLD if here else (190, 184, 164))
        if number == 2:
            opened = here and bool(state.has_key) and bool((state.agent == state.door).all())
            _draw_door(canvas, middle(state.door), cell, here, opened)
        if here:
            x, y = middle(state.agent)
            if number == 2 and bool((state.agent == state.door).all()):
                y += 0.12 * cell
            canvas.circle(x, y, 0.3 * cell, drawing.BLUE)
            for eye in (-0.1, 0.1):
                canvas.circle(x + eye * cell, y - 0.06 * cell, 0.06 * cell, drawing.PAPER)
            if state.has_key:
                _draw_key(canvas, (x + 0.22 * cell, y + 0.2 * cell), 0.62 * cell, drawing.GOLD)
        # How much of the room's time is over.
        before, time = sum(self.times[:number]), self.times[number]
        done = min(max((int(state.elapsed) - before) / time, 0.0), 1.0) if time else float(room > number)
        canvas.rectangle(left - 6, top + side + 16, side + 12, 8, (228, 226, 220), 4)
        if done > 0:
            canvas.rectangle(
                left - 6, top + side + 16, (side + 12) * done, 8, drawing.GREEN if here else drawing.MUTED, 4
            )


def _draw_key(canvas: Canvas, centre: Point, size: float, colour: drawing.Colour) -> None:
    x, y = centre
    width = 0.09 * size
    ring = (x - 0.2 * size, y)
    canvas.line((x - 0.05 * size, y), (x + 0.32 * size, y), colour, width)
    for tooth in (0.18, 0.3):
        canvas.line((x + tooth * size, y), (x + tooth * size, y + 0.13 * size), colour, width)
    canvas.circle(*ring, 0.16 * size, colour)
    canvas.circle(*ring, 0.07 * size, drawing.PAPER)


def _draw_door(canvas: Canvas, centre: Point, size: float, here: bool, opened: bool) -> None:
    x, y = centre
    wood = (150, 98, 60) if here else (186, 170, 156)
    canvas.rectangle(x - 0.32 * size, y - 0.44 * size, 0.64 * size, 0.88 * size, wood, 0.08 * size)
    inside = (255, 226, 150) if opened else (178, 122, 78) if here else (204, 190, 176)
    canvas.rectangle(x - 0.24 * size, y - 0.36 * size, 0.48 * size, 0.8 * size, inside, 0.05 * size)
    if not opened:
        canvas.circle(x + 0.15 * size, y + 0.04 * size, 0.05 * size, drawing.GOLD if here else (222, 210, 180))
