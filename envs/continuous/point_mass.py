"""A point mass that is pushed around round obstacles to a goal."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

import numpy as np
import tensorflow as tf
from gymnasium.spaces import Box

from envs import random
from envs.drawing import canvas as drawing
from envs.drawing.canvas import Canvas, Point
from envs.tensor import State, TensorEnv, TensorStep

Circle = tuple[float, float, float]
"""x, y and radius, all in metres."""

OBSTACLES: tuple[Circle, ...] = ((-0.05, 0.1, 0.3), (0.5, -0.35, 0.2), (-0.5, -0.5, 0.18), (-0.6, 0.6, 0.15))
GOAL: Circle = (0.7, 0.7, 0.12)
RADIUS = 0.05
TIME_STEP = 0.05
ACCELERATION = 1.0
DAMPING = 0.5
BONUS = 10.0
# Beyond what pushing with (1, 1) for ever comes to: sqrt(2) * ACCELERATION / DAMPING = 2.828 m/s.
TOP_SPEED = 2.83
CANDIDATES = 8


class PointMassState(NamedTuple):
    """Where n masses are: `position` (m) and `velocity` (m/s), both float32 (n, 2)."""

    position: tf.Tensor
    velocity: tf.Tensor


class PointMass(TensorEnv):
    """Pushes a disc of radius 0.05 m over a square floor, from -1 m to 1 m either way, to a round goal.

    One step lasts 0.05 s: first v += 0.05 * (1 * action - 0.5 * v), then x += 0.05 * v (semi-implicit Euler). Then
    walls and obstacles act, without friction and without bounce: a mass that would overlap one is set back to its
    surface along the normal and loses the part of its velocity that points into it. So it never overlaps one after a
    step, and slides along. In one step it moves 0.14 m at most, so between two steps it may cut off up to 2 cm of an
    obstacle's edge, but cannot jump over one.

    - Observation: float32 (4,): position x, y (m) and velocity x, y (m/s). Obstacles and goal stay where they are.
    - Actions: float32 (2,), the acceleration in m/s^2 along x and y, clipped to -1 to 1.
    - Reward: minus the distance from the goal's centre (m) after the step, and 10 more for reaching the goal.
    - Starts: at rest, uniformly where there is neither an obstacle nor the goal, or in the circle `start`.
    - Ends: terminated when the mass's centre is in the goal; truncated after 200 steps (10 s).
    - Source: our own, after the point-mass tasks that are common in planning and offline learning.

    Args:
        obstacles: x, y and radius (m) of each circle. The mass must fit between any two, and between each and a wall.
        goal: x, y and radius (m) of the goal's circle.
        start: x, y and radius (m) of the circle that the mass's centre starts in; None for anywhere. How far off the
            goal an episode starts decides more of its return than how well it is played: a small circle leaves the
            playing.

    Raises:
        ValueError: For obstacles that leave less than 0.1 m of room or have a radius below 0.1 m, for a goal whose
            centre cannot be reached, and for starts within a wall, an obstacle or the goal.
    """

    max_episode_steps = 200
    render_fps: ClassVar[int] = 20

    def __init__(
        self, obstacles: Sequence[Circle] = OBSTACLES, goal: Circle = GOAL, start: Circle | None = None
    ) -> None:
        self.obstacles = tuple(_circle("obstacle", circle, 0.1) for circle in obstacles)
        self.goal = _circle("goal", goal, 0.01)
        self.start = None if start is None else _circle("start", start, 0.0)
        _check_layout(self.obstacles, self.goal)
        _check_start(self.start, self.obstacles, self.goal)
        high = np.array([1.0, 1.0, TOP_SPEED, TOP_SPEED], np.float32)
        self.observation_space = Box(-high, high, dtype=np.float32)
        self.action_space = Box(-1.0, 1.0, (2,), np.float32)
        circles = np.array(self.obstacles, np.float32).reshape(-1, 3)
        self._centres = circles[:, :2]
        # How near the mass's centre may come.
        self._reach = circles[:, 2] + np.float32(RADIUS)

    def reset(self, key: tf.Tensor) -> tuple[State, tf.Tensor]:
        places = self._starts(key)
        distances = tf.norm(places[:, :, None] - self._centres, axis=-1)
        free = tf.reduce_all(distances >= self._reach, axis=-1) & (self._distance(places) > self.goal[2])
        first = tf.argmax(tf.cast(free, tf.int32), axis=1, output_type=tf.int32)
        # If no candidate is free, about once in a million times, the first is set to an obstacle's surface.
        state = PointMassState(*self._contact(tf.gather(places, first, batch_dims=1), tf.zeros((key.shape[0], 2))))
        return state, tf.concat(state, axis=1)

    def _starts(self, key: tf.Tensor) -> tf.Tensor:
        """Return places where the mass may start, (n, CANDIDATES, 2)."""
        if self.start is None:
            limit = 1.0 - RADIUS
            return random.uniform(key, (CANDIDATES, 2), -limit, limit)
        x, y, radius = self.start
        share, turn = tf.unstack(random.uniform(key, (CANDIDATES, 2)), axis=-1)
        # Areas grow with the square of the distance.
        distance, angle = radius * tf.sqrt(share), 2.0 * math.pi * turn
        return tf.stack([x + distance * tf.cos(angle), y + distance * tf.sin(angle)], axis=-1)

    def step(self, state: State, action: tf.Tensor, key: tf.Tensor) -> TensorStep:
        push = ACCELERATION * tf.clip_by_value(action, -1.0, 1.0)
        velocity = state.velocity + TIME_STEP * (push - DAMPING * state.velocity)
        new = PointMassState(*self._contact(state.position + TIME_STEP * velocity, velocity))
        distance = self._distance(new.position)
        arrived = distance <= self.goal[2]
        reward = BONUS * tf.cast(arrived, tf.float32) - distance
        return TensorStep(new, tf.concat(new, axis=1), reward, arrived, tf.zeros_like(arrived))

    def _distance(self, position: tf.Tensor) -> tf.Tensor:
        return tf.norm(position - tf.constant(self.goal[:2]), axis=-1)

    def _contact(self, position: tf.Tensor, velocity: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Set masses (n, 2) that overlap a wall or an obstacle back to its surface, and stop them from going in."""
        limit = 1.0 - RADIUS
        inside = tf.clip_by_value(position, -limit, limit)
        velocity = tf.where(inside == position, velocity, 0.0)
        offset = inside[:, None] - self._centres
        distance = tf.norm(offset, axis=-1, keepdims=True)
        # No more than one obstacle at a time, as the mass fits between any two.
        touching = tf.cast(distance < self._reach[:, None], tf.float32)
        normal = touching * offset / tf.maximum(distance, 1e-6)
        position = inside + tf.reduce_sum((self._reach[:, None] - distance) * normal, axis=1)
        inward = tf.minimum(tf.reduce_sum(velocity[:, None] * normal, axis=-1, keepdims=True), 0.0)
        return position, velocity - tf.reduce_sum(inward * normal, axis=1)

    def draw(self, state: State) -> np.ndarray:
        canvas = Canvas(480, 540)
        metre = 216.0

        def place(x: float, y: float) -> Point:
            return 240.0 + metre * x, 300.0 - metre * y

        (x, y), (right, up) = np.asarray(state.position).tolist(), np.asarray(state.velocity).tolist()
        speed, distance = math.hypot(right, up), math.dist((x, y), self.goal[:2])
        arrived = distance <= self.goal[2]
        canvas.text("arrived" if arrived else f"distance {distance:.2f} m", 24, 24, 28)
        canvas.text(f"speed {speed:.2f} m/s", 330, 26, 24, drawing.MUTED)
        canvas.rectangle(24 - 8, 84 - 8, 2 * metre + 16, 2 * metre + 16, drawing.INK, 8)
        canvas.rectangle(24, 84, 2 * metre, 2 * metre, (252, 251, 247))
        for i in range(1, 8):
            at = metre * i / 4
            canvas.line((24 + at, 84), (24 + at, 84 + 2 * metre), (238, 236, 229))
            canvas.line((24, 84 + at), (24 + 2 * metre, 84 + at), (238, 236, 229))
        goal_x, goal_y, radius = self.goal
        for share, colour in ((1.0, drawing.GREEN), (0.86, (206, 232, 212)), (0.3, drawing.GREEN)):
            canvas.circle(*place(goal_x, goal_y), share * metre * radius, colour)
        for centre_x, centre_y, radius in self.obstacles:
            canvas.circle(*place(centre_x, centre_y), metre * radius, (94, 100, 116))
            canvas.circle(*place(centre_x, centre_y), metre * radius - 4, (122, 129, 146))
        canvas.circle(*place(x, y), metre * RADIUS, drawing.GOLD if arrived else drawing.BLUE)
        if speed > 0.02:
            _draw_arrow(canvas, place(x, y), place(x + 0.25 * right, y + 0.25 * up))
        return canvas.pixels()


def _draw_arrow(canvas: Canvas, start: Point, end: Point) -> None:
    along = np.subtract(end, start)
    along = along / np.linalg.norm(along)
    side = np.array([-along[1], along[0]])
    tip, base = np.add(end, 5 * along), np.subtract(end, 6 * along)
    canvas.line(start, tuple(base), drawing.RED, 3)
    canvas.polygon([tuple(tip), tuple(base + 6 * side), tuple(base - 6 * side)], drawing.RED)


def _circle(what: str, circle: Circle, smallest: float) -> Circle:
    try:
        x, y, radius = (float(number) for number in circle)
    except (TypeError, ValueError):
        x = y = radius = math.nan
    if not (math.isfinite(x) and math.isfinite(y) and smallest <= radius < 1.0):
        raise ValueError(
            f"PointMass: {what} received {circle!r}; expected x, y and a radius in metres, the radius from {smallest} "
            "to 1. Fix: give three numbers such as (0.2, -0.3, 0.25)."
        )
    return x, y, radius


def _check_start(start: Circle | None, obstacles: tuple[Circle, ...], goal: Circle) -> None:
    if start is None:
        return
    x, y, radius = start
    if max(abs(x), abs(y)) + radius > 1.0 - RADIUS:
        raise ValueError(
            f"PointMass: start received {start}; expected a circle within {1.0 - RADIUS} m of the middle along x and "
            "y. Fix: move it inwards or make it smaller."
        )
    for what, circle, room in [("goal", goal, 0.0), *(("obstacle", circle, RADIUS) for circle in obstacles)]:
        if math.dist((x, y), circle[:2]) <= circle[2] + room + radius:
            raise ValueError(
                f"PointMass: start received {start}; expected a circle clear of the {what} {circle}. Fix: move it away "
                "or make it smaller."
            )


def _check_layout(obstacles: tuple[Circle, ...], goal: Circle) -> None:
    gap = 2 * RADIUS
    for x, y, radius in obstacles:
        if max(abs(x), abs(y)) + radius + gap > 1.0:
            raise ValueError(
                f"PointMass: obstacle received {(x, y, radius)}; expected {gap} m between it and the walls at -1 and 1 "
                "m. Fix: move it inwards or make it smaller."
            )
    for first, second in itertools.combinations(obstacles, 2):
        if math.dist(first[:2], second[:2]) <= first[2] + second[2] + gap:
            raise ValueError(
                f"PointMass: obstacles received {first} and {second}; expected more than {gap} m between them. Fix: "
                "move them apart or make them smaller."
            )
    if max(abs(goal[0]), abs(goal[1])) > 1.0 - RADIUS:
        raise ValueError(
            f"PointMass: goal received {goal}; expected a centre within {1.0 - RADIUS} m of the middle along x and y."
        )
    for obstacle in obstacles:
        if math.dist(goal[:2], obstacle[:2]) <= obstacle[2] + RADIUS:
            raise ValueError(
                f"PointMass: goal received {goal}, whose centre the mass cannot reach because of the obstacle "
                f"{obstacle}. Fix: move one of them."
            )
