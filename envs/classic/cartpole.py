"""CartPole as TensorFlow functions: Gymnasium's `CartPole-v1`, step for step."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
import tensorflow as tf
from gymnasium.spaces import Box, Discrete

from envs import random
from envs.drawing import canvas as drawing
from envs.tensor import State, TensorEnv, TensorStep

GRAVITY, CART_MASS, POLE_MASS, HALF_LENGTH = 9.8, 1.0, 0.1, 0.5
FORCE, TIME_STEP = 10.0, 0.02
ANGLE_LIMIT, POSITION_LIMIT = 12 * 2 * math.pi / 360, 2.4


class CartPole(TensorEnv):
    """Balances a pole on a cart that is pushed left or right.

    - Observation: float32 (4,): the cart's position (m) and velocity (m/s), the pole's angle (rad) and angular
      velocity (rad/s).
    - Actions: 0 pushes left, 1 pushes right, with 10 N for 0.02 s.
    - Reward: 1 a step, the last one included.
    - Ends: terminated when the angle passes 12 degrees or the cart 2.4 m; truncated after 500 steps.
    - Source: Barto, Sutton and Anderson 1983; equations of Florian 2007 as in Gymnasium's `CartPole-v1`.
    """

    max_episode_steps = 500
    counterpart_of: ClassVar[str | None] = "CartPole-v1"
    render_fps: ClassVar[int] = 50

    def __init__(self) -> None:
        # The speeds are unbounded; Gymnasium's checker wants finite bounds all the same.
        most = float(np.finfo(np.float32).max)
        high = np.array([POSITION_LIMIT * 2, most, ANGLE_LIMIT * 2, most], np.float32)
        self.observation_space = Box(-high, high, dtype=np.float32)
        self.action_space = Discrete(2)

    def reset(self, key: tf.Tensor) -> tuple[State, tf.Tensor]:
        state = random.uniform(key, (4,), -0.05, 0.05)
        return state, state

    def step(self, state: State, action: tf.Tensor, key: tf.Tensor) -> TensorStep:
        x, velocity, angle, spin = tf.unstack(state, axis=-1)
        force = tf.where(action == 1, tf.constant(FORCE, state.dtype), tf.constant(-FORCE, state.dtype))
        cosine, sine = tf.cos(angle), tf.sin(angle)
        total = CART_MASS + POLE_MASS
        push = (force + POLE_MASS * HALF_LENGTH * spin**2 * sine) / total
        turn = (GRAVITY * sine - cosine * push) / (HALF_LENGTH * (4.0 / 3.0 - POLE_MASS * cosine**2 / total))
        acceleration = push - POLE_MASS * HALF_LENGTH * turn * cosine / total
        parts = (
            x + TIME_STEP * velocity,
            velocity + TIME_STEP * acceleration,
            angle + TIME_STEP * spin,
            spin + TIME_STEP * turn,
        )
        new = tf.stack(parts, axis=-1)
        terminated = (tf.abs(new[:, 0]) > POSITION_LIMIT) | (tf.abs(new[:, 2]) > ANGLE_LIMIT)
        return TensorStep(
            new, tf.cast(new, tf.float32), tf.ones_like(x, tf.float32), terminated, tf.zeros_like(terminated)
        )

    def draw(self, state: State) -> np.ndarray:
        x, _, angle, _ = (float(v) for v in state)
        canvas = drawing.Canvas(600, 400)
        scale, ground = 600 / (2 * POSITION_LIMIT), 310.0
        cart = 300 + x * scale
        canvas.rectangle(0, ground + 16, 600, 74, drawing.SAND)
        canvas.line((0, ground + 16), (600, ground + 16), drawing.MUTED, 2)
        for limit in (-POSITION_LIMIT, POSITION_LIMIT):
            canvas.line((300 + limit * scale, ground + 4), (300 + limit * scale, ground + 28), drawing.RED, 4)
        canvas.rectangle(cart - 38, ground - 26, 76, 30, drawing.INK, 6)
        for side in (-22, 22):
            canvas.circle(cart + side, ground + 6, 10, drawing.INK)
            canvas.circle(cart + side, ground + 6, 4, drawing.MUTED)
        top = (cart + 2 * HALF_LENGTH * 200 * math.sin(angle), ground - 24 - 2 * HALF_LENGTH * 200 * math.cos(angle))
        canvas.line((cart, ground - 24), top, drawing.GOLD, 12)
        canvas.circle(cart, ground - 24, 6, drawing.BLUE)
        canvas.text(f"angle {math.degrees(angle):+.1f} deg", 16, 14, 22, drawing.MUTED)
        return canvas.pixels()
