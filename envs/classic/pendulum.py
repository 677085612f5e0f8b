"""Pendulum as TensorFlow functions: Gymnasium's `Pendulum-v1`, step for step."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
import tensorflow as tf
from gymnasium.spaces import Box

from envs import random
from envs.drawing import canvas as drawing
from envs.tensor import State, TensorEnv, TensorStep

TIME_STEP, MASS, LENGTH = 0.05, 1.0, 1.0
TOP_SPEED, TOP_TORQUE = 8.0, 2.0


class Pendulum(TensorEnv):
    """Swings a rod up and holds it there with a torque too weak to lift it at once.

    - Observation: float32 (3,): cosine and sine of the angle from upright, angular velocity (rad/s).
    - Actions: float32 (1,), torque in [-2, 2] N m.
    - Reward: -(angle^2 + 0.1 velocity^2 + 0.001 torque^2), angle in [-pi, pi), before the step.
    - Ends: truncated after 200 steps; nothing terminates.
    - Source: equations as in Gymnasium's `Pendulum-v1`.

    Args:
        g: Gravity, m/s^2.
    """

    max_episode_steps = 200
    counterpart_of: ClassVar[str | None] = "Pendulum-v1"
    render_fps: ClassVar[int] = 30

    def __init__(self, g: float = 10.0) -> None:
        self.g = g
        high = np.array([1.0, 1.0, TOP_SPEED], np.float32)
        self.observation_space = Box(-high, high, dtype=np.float32)
        self.action_space = Box(-TOP_TORQUE, TOP_TORQUE, (1,), np.float32)

    def reset(self, key: tf.Tensor) -> tuple[State, tf.Tensor]:
        draws = random.uniform(key, (2,), -1.0, 1.0)
        state = draws * tf.constant([math.pi, 1.0])
        return state, _observed(state)

    def step(self, state: State, action: tf.Tensor, key: tf.Tensor) -> TensorStep:
        angle, spin = tf.unstack(state, axis=-1)
        torque = tf.clip_by_value(tf.cast(action[:, 0], state.dtype), -TOP_TORQUE, TOP_TORQUE)
        upright = tf.math.floormod(angle + math.pi, 2 * math.pi) - math.pi
        cost = upright**2 + 0.1 * spin**2 + 0.001 * torque**2
        turn = 3 * self.g / (2 * LENGTH) * tf.sin(angle) + 3.0 / (MASS * LENGTH**2) * torque
        spin = tf.clip_by_value(spin + turn * TIME_STEP, -TOP_SPEED, TOP_SPEED)
        new = tf.stack([angle + spin * TIME_STEP, spin], axis=-1)
        never = tf.zeros_like(angle, tf.bool)
        return TensorStep(new, _observed(new), tf.cast(-cost, tf.float32), never, never)

    def draw(self, state: State) -> np.ndarray:
        angle, spin = (float(v) for v in state)
        canvas = drawing.Canvas(500, 500)
        tip = (250 + 170 * math.sin(angle), 250 - 170 * math.cos(angle))
        canvas.circle(250, 250, 190, drawing.SAND)
        canvas.line((250, 60), (250, 76), drawing.GREEN, 5)
        canvas.line((250, 250), tip, drawing.RED, 34)
        canvas.circle(250, 250, 10, drawing.INK)
        canvas.text(f"velocity {spin:+.1f} rad/s", 16, 14, 22, drawing.MUTED)
        return canvas.pixels()


def _observed(state: tf.Tensor) -> tf.Tensor:
    angle, spin = tf.unstack(state, axis=-1)
    return tf.cast(tf.stack([tf.cos(angle), tf.sin(angle), spin], axis=-1), tf.float32)
