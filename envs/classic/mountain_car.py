"""MountainCar as TensorFlow functions: Gymnasium's `MountainCar-v0`, step for step."""

from __future__ import annotations

import itertools
import math
from typing import ClassVar

import numpy as np
import tensorflow as tf
from gymnasium.spaces import Box, Discrete

from envs import random
from envs.drawing import canvas as drawing
from envs.tensor import State, TensorEnv, TensorStep

LEFT_END, RIGHT_END, TOP_SPEED = -1.2, 0.6, 0.07
ENGINE, GRAVITY = 0.001, 0.0025


class MountainCar(TensorEnv):
    """Drives an engine too weak for the hill out of a valley, by swinging.

    - Observation: float32 (2,): position in [-1.2, 0.6] and velocity in [-0.07, 0.07], units of the track a step.
    - Actions: 0 accelerates to the left, 1 not at all, 2 to the right.
    - Reward: -1 a step.
    - Ends: terminated at position 0.5 or beyond with at least `goal_velocity`; truncated after 200 steps.
    - Source: Moore 1990; equations as in Gymnasium's `MountainCar-v0`.

    Args:
        goal_velocity: The least velocity that counts at the goal.
    """

    max_episode_steps = 200
    counterpart_of: ClassVar[str | None] = "MountainCar-v0"
    render_fps: ClassVar[int] = 30
    # The position that must be reached.
    goal: ClassVar[float] = 0.5

    def __init__(self, goal_velocity: float = 0.0) -> None:
        self.goal_velocity = goal_velocity
        low, high = np.array([LEFT_END, -TOP_SPEED], np.float32), np.array([RIGHT_END, TOP_SPEED], np.float32)
        self.observation_space = Box(low, high, dtype=np.float32)
        self.action_space = Discrete(3)

    def reset(self, key: tf.Tensor) -> tuple[State, tf.Tensor]:
        position = random.uniform(key, (), -0.6, -0.4)
        state = tf.stack([position, tf.zeros_like(position)], axis=-1)
        return state, state

    def step(self, state: State, action: tf.Tensor, key: tf.Tensor) -> TensorStep:
        new, terminated = self.rolled(state, tf.cast(action - 1, state.dtype) * ENGINE)
        reward = -tf.ones_like(terminated, tf.float32)
        return TensorStep(new, tf.cast(new, tf.float32), reward, terminated, tf.zeros_like(terminated))

    def rolled(self, state: tf.Tensor, push: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the states (n, 2) a step later, and whether the goal is reached, bool (n,).

        Args:
            state: (n, 2), positions and velocities.
            push: (n,), what the engines add to the velocity.
        """
        position, velocity = tf.unstack(state, axis=-1)
        velocity = tf.clip_by_value(velocity + push - GRAVITY * tf.cos(3.0 * position), -TOP_SPEED, TOP_SPEED)
        position = tf.clip_by_value(position + velocity, LEFT_END, RIGHT_END)
        velocity = tf.where((position == LEFT_END) & (velocity < 0), tf.zeros_like(velocity), velocity)
        reached = (position >= self.goal) & (velocity >= self.goal_velocity)
        return tf.stack([position, velocity], axis=-1), reached

    def draw(self, state: State) -> np.ndarray:
        position, velocity = (float(v) for v in state)
        return _picture(position, velocity, self.goal)


def _picture(position: float, velocity: float, goal: float) -> np.ndarray:
    canvas = drawing.Canvas(600, 400)

    def place(p: float) -> tuple[float, float]:
        return 600 * (p - LEFT_END) / (RIGHT_END - LEFT_END), 330 - 130 * (math.sin(3 * p) + 1)

    hill = [place(LEFT_END + i * (RIGHT_END - LEFT_END) / 100) for i in range(101)]
    canvas.polygon([*hill, (600, 400), (0, 400)], drawing.SAND)
    for start, end in itertools.pairwise(hill):
        canvas.line(start, end, drawing.MUTED, 3)
    x, y = place(goal)
    canvas.line((x, y), (x, y - 54), drawing.INK, 3)
    canvas.polygon([(x, y - 54), (x + 28, y - 45), (x, y - 36)], drawing.GREEN)
    x, y = place(position)
    slope = math.atan2(place(position + 1e-3)[1] - y, place(position + 1e-3)[0] - x)
    along, up = (math.cos(slope), math.sin(slope)), (math.sin(slope), -math.cos(slope))

    def at(forward: float, height: float) -> tuple[float, float]:
        return x + forward * along[0] + height * up[0], y + forward * along[1] + height * up[1]

    canvas.polygon([at(-24, 10), at(24, 10), at(24, 20), at(12, 30), at(-12, 30), at(-24, 22)], drawing.BLUE)
    for side in (-14, 14):
        canvas.circle(*at(side, 8), 8, drawing.INK)
        canvas.circle(*at(side, 8), 3, drawing.MUTED)
    canvas.text(f"velocity {1000 * velocity:+.0f} / 1000", 16, 14, 22, drawing.MUTED)
    return canvas.pixels()
