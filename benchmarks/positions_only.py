"""CartPole that shows positions and no speeds, which only what was seen before can tell."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

import gymnasium
import tensorflow as tf
from gymnasium.spaces import Box

from envs import adapters
from envs.classic.cartpole import CartPole
from envs.tensor import State, TensorStep

NAME = "benchmarks/CartPolePositions-v0"
SHOWN = (0, 2)


class PositionsOnly(CartPole):
    """Shows the cart's position (m) and the pole's angle (rad), float32 (2,)."""

    counterpart_of: ClassVar[str | None] = None

    def __init__(self) -> None:
        super().__init__()
        low, high = (bound[list(SHOWN)] for bound in (self.observation_space.low, self.observation_space.high))
        self.observation_space = Box(low, high)

    def reset(self, key: tf.Tensor) -> tuple[State, tf.Tensor]:
        state, observation = super().reset(key)
        return state, tf.gather(observation, SHOWN, axis=-1)

    def step(self, state: State, action: tf.Tensor, key: tf.Tensor) -> TensorStep:
        step = super().step(state, action, key)
        return step._replace(observation=tf.gather(step.observation, SHOWN, axis=-1))


def register() -> None:
    """Register it with Gymnasium."""
    gymnasium.register(NAME, partial(adapters.make, "benchmarks.positions_only:PositionsOnly"), max_episode_steps=500)
