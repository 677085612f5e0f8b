"""Acrobot as TensorFlow functions: Gymnasium's `Acrobot-v1`, step for step."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
import tensorflow as tf
from gymnasium.spaces import Box, Discrete

from envs import random
from envs.drawing import canvas as drawing
from envs.tensor import State, TensorEnv, TensorStep

TIME_STEP, GRAVITY = 0.2, 9.8
MASS, LENGTH, CENTRE, INERTIA = 1.0, 1.0, 0.5, 1.0
TOP_SPEEDS = (4 * math.pi, 9 * math.pi)


class Acrobot(TensorEnv):
    """Swings the tip of a two-link pendulum over a line by torque at the joint between the links.

    - Observation: float32 (6,): cosine and sine of the first link's angle from hanging down, cosine and sine of the
      second link's angle from the first, and both angular velocities (rad/s).
    - Actions: a torque of -1, 0 or +1 N m on the second joint.
    - Reward: -1 a step, 0 on the step that reaches the line.
    - Starts: each angle (rad) and angular velocity (rad/s) uniformly from -`spread` to `spread`.
    - Ends: terminated when the tip is one link's length above the first joint; truncated after 500 steps.
    - Source: Sutton 1996, in the version of Sutton and Barto's book, as in Gymnasium's `Acrobot-v1`; one step of
      fourth-order Runge-Kutta for 0.2 s.

    Args:
        spread: How far off hanging at rest an episode may begin. With 0 all begin there, as in Sutton 1996: then the
            least number of steps that anybody needed is one that others can need too.

    Raises:
        ValueError: On a negative or infinite spread.
    """

    max_episode_steps = 500
    counterpart_of: ClassVar[str | None] = "Acrobot-v1"
    render_fps: ClassVar[int] = 15

    def __init__(self, spread: float = 0.1) -> None:
        if not 0.0 <= spread < math.inf:
            raise ValueError(f"Acrobot: spread received {spread}; expected a finite number of at least 0. Fix: 0.1.")
        self.spread = spread
        high = np.array([1, 1, 1, 1, *TOP_SPEEDS], np.float32)
        self.observation_space = Box(-high, high, dtype=np.float32)
        self.action_space = Discrete(3)

    def reset(self, key: tf.Tensor) -> tuple[State, tf.Tensor]:
        state = random.uniform(key, (4,), -self.spread, self.spread)
        return state, _observed(state)

    def step(self, state: State, action: tf.Tensor, key: tf.Tensor) -> TensorStep:
        torque = tf.cast(action - 1, state.dtype)
        half = TIME_STEP / 2
        k_1 = _slope(state, torque)
        k_2 = _slope(state + half * k_1, torque)
        k_3 = _slope(state + half * k_2, torque)
        k_4 = _slope(state + TIME_STEP * k_3, torque)
        moved = state + TIME_STEP / 6 * (k_1 + 2 * k_2 + 2 * k_3 + k_4)
        first, second, spin_1, spin_2 = tf.unstack(moved, axis=-1)
        speeds = (tf.clip_by_value(s, -top, top) for s, top in zip((spin_1, spin_2), TOP_SPEEDS, strict=True))
        new = tf.stack([_wrapped(first), _wrapped(second), *speeds], axis=-1)
        terminated = -tf.cos(new[:, 0]) - tf.cos(new[:, 1] + new[:, 0]) > 1.0
        reward = tf.where(terminated, 0.0, -tf.ones_like(first, tf.float32))
        return TensorStep(new, _observed(new), reward, terminated, tf.zeros_like(terminated))

    def draw(self, state: State) -> np.ndarray:
        first, second = float(state[0]), float(state[1])
        canvas = drawing.Canvas(500, 500)
        scale, x, y = 105.0, 250.0, 250.0
        canvas.line((30, y - scale), (470, y - scale), drawing.GREEN, 3)
        canvas.text("reach the line", 36, y - scale - 22, 20, drawing.GREEN)
        elbow = (x + scale * math.sin(first), y + scale * math.cos(first))
        tip = (elbow[0] + scale * math.sin(first + second), elbow[1] + scale * math.cos(first + second))
        canvas.line((x, y), elbow, drawing.BLUE, 18)
        canvas.line(elbow, tip, drawing.GOLD, 14)
        for point, radius in (((x, y), 8), (elbow, 7), (tip, 5)):
            canvas.circle(*point, radius, drawing.INK)
        height = -math.cos(first) - math.cos(first + second)
        canvas.text(f"height {height:+.2f} of 1", 16, 14, 22, drawing.MUTED)
        return canvas.pixels()


def _slope(state: tf.Tensor, torque: tf.Tensor) -> tf.Tensor:
    first, second, spin_1, spin_2 = tf.unstack(state, axis=-1)
    cosine, sine = tf.cos(second), tf.sin(second)
    d_1 = MASS * CENTRE**2 + MASS * (LENGTH**2 + CENTRE**2 + 2 * LENGTH * CENTRE * cosine) + 2 * INERTIA
    d_2 = MASS * (CENTRE**2 + LENGTH * CENTRE * cosine) + INERTIA
    phi_2 = MASS * CENTRE * GRAVITY * tf.cos(first + second - math.pi / 2)
    coupling = MASS * LENGTH * CENTRE * sine
    weight = (MASS * CENTRE + MASS * LENGTH) * GRAVITY * tf.cos(first - math.pi / 2)
    phi_1 = -coupling * spin_2**2 - 2 * coupling * spin_2 * spin_1 + weight + phi_2
    numerator = torque + d_2 / d_1 * phi_1 - coupling * spin_1**2 - phi_2
    turn_2 = numerator / (MASS * CENTRE**2 + INERTIA - d_2**2 / d_1)
    turn_1 = -(d_2 * turn_2 + phi_1) / d_1
    return tf.stack([spin_1, spin_2, turn_1, turn_2], axis=-1)


def _wrapped(angle: tf.Tensor) -> tf.Tensor:
    # At top speed a step turns a link by 1.8 pi, so one turn back or forth is enough.
    angle = tf.where(angle > math.pi, angle - 2 * math.pi, angle)
    return tf.where(angle < -math.pi, angle + 2 * math.pi, angle)


def _observed(state: tf.Tensor) -> tf.Tensor:
    first, second, spin_1, spin_2 = tf.unstack(state, axis=-1)
    parts = [tf.cos(first), tf.sin(first), tf.cos(second), tf.sin(second), spin_1, spin_2]
    return tf.cast(tf.stack(parts, axis=-1), tf.float32)
