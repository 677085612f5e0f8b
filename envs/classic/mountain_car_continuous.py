"""MountainCar with a throttle as TensorFlow functions: Gymnasium's `MountainCarContinuous-v0`, step for step."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import tensorflow as tf
from gymnasium.spaces import Box

from envs.classic.mountain_car import MountainCar
from envs.tensor import State, TensorStep

ENGINE = 0.0015
BONUS, FUEL = 100.0, 0.1


class MountainCarContinuous(MountainCar):
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
    goal: ClassVar[float] = 0.45

    def __init__(self, goal_velocity: float = 0.0) -> None:
        super().__init__(goal_velocity)
        self.action_space = Box(-1.0, 1.0, (1,), np.float32)

    def step(self, state: State, action: tf.Tensor, key: tf.Tensor) -> TensorStep:
        throttle = tf.cast(action[:, 0], state.dtype)
        new, terminated = self.rolled(state, tf.clip_by_value(throttle, -1.0, 1.0) * ENGINE)
        reward = BONUS * tf.cast(terminated, state.dtype) - FUEL * throttle**2
        return TensorStep(
            new, tf.cast(new, tf.float32), tf.cast(reward, tf.float32), terminated, tf.zeros_like(terminated)
        )
