"""MountainCar with a throttle as TensorFlow functions: Gymnasium's `MountainCarContinuous-v0`, step for step."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import tensorflow as tf
from gymnasium.spaces import Box

from envs import random
from envs.classic.mountain_car import GRAVITY, LEFT_END, RIGHT_END, TOP_SPEED, hill_picture
from envs.tensor import State, TensorEnv, TensorStep

ENGINE = 0.0015
GOAL = 0.45
BONUS, FUEL = 100.0, 0.1


class MountainCarContinuous(TensorEnv):
    """Drives an engine too weak for the hill out of a valley, by swinging, and pays for fuel.

    - Observation: float32 (2,): position in [-1.2, 0.6] and velocity in [-0.07, 0.07], units of the track a step.
    - Actions: float32 (1,), the throttle; what drives the car is clipped to [-1, 1], what is paid for is not.
    - Reward: -0.1 throttle^2 a step, and 100 more for reaching the goal.
    - Ends: terminated at position 0.45 or beyond with at least `goal_velocity`; truncated after 999 steps.
    - Source: Moore 1990; equations as in Gymnasium's `MountainCarContinuous-v0`.

    Args:
        goal_velocity: The least velocity that counts at the goal.
    """

    max_episode_steps = 999
    counterpart_of: ClassVar[str | None] = "MountainCarContinuous-v0"
    render_fps: ClassVar[int] = 30

    def __init__(self, goal_velocity: float = 0.0) -> None:
        self.goal_velocity = goal_velocity
        low, high = np.array([LEFT_END, -TOP_SPEED], np.float32), np.array([RIGHT_END, TOP_SPEED], np.float32)
        self.observation_space = Box(low, high, dtype=np.float32)
        self.action_space = Box(-1.0, 1.0, (1,), np.float32)

    def reset(self, key: tf.Tensor) -> tuple[State, tf.Tensor]:
        position = random.uniform(key, (), -0.6, -0.4)
        state = tf.stack([position, tf.zeros_like(position)], axis=-1)
        return state, state

    def step(self, state: State, action: tf.Tensor, key: tf.Tensor) -> TensorStep:
        position, velocity = tf.unstack(state, axis=-1)
        throttle = tf.cast(action[:, 0], state.dtype)
        push = tf.clip_by_value(throttle, -1.0, 1.0) * ENGINE
        velocity = tf.clip_by_value(velocity + push - GRAVITY * tf.cos(3.0 * position), -TOP_SPEED, TOP_SPEED)
        position = tf.clip_by_value(position + velocity, LEFT_END, RIGHT_END)
        velocity = tf.where((position == LEFT_END) & (velocity < 0), tf.zeros_like(velocity), velocity)
        new = tf.stack([position, velocity], axis=-1)
        terminated = (position >= GOAL) & (velocity >= self.goal_velocity)
        reward = BONUS * tf.cast(terminated, state.dtype) - FUEL * throttle**2
        return TensorStep(
            new, tf.cast(new, tf.float32), tf.cast(reward, tf.float32), terminated, tf.zeros_like(terminated)
        )

    def draw(self, state: State) -> np.ndarray:
        position, velocity = (float(v) for v in state)
        return hill_picture(position, velocity, GOAL)
