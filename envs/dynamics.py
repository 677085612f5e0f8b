"""What functions of environments give and take: a step, and where environments that reset themselves are."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple, Protocol

import gymnasium
import numpy as np
import tensorflow as tf

State = Any
"""A tensor, or a NamedTuple, tuple or dict of tensors, each with the leading axis n."""


class TensorStep(NamedTuple):
    """What one step of n environments gave.

    Attributes:
        state: As it was given, one step later.
        observation: (n, ...) in the dtype of the observation space.
        reward: float32 (n,).
        terminated, truncated: bool (n,).
    """

    state: State
    observation: tf.Tensor
    reward: tf.Tensor
    terminated: tf.Tensor
    truncated: tf.Tensor


class Carry(NamedTuple):
    """Where n environments that reset themselves are.

    Attributes:
        state: The environments' state.
        observation: (n, ...), what to act on next.
        key: uint32 (n, 2), each environment's own.
        count: int32 (n,), steps since the beginning; with the key it gives each step its random numbers.
    """

    state: State
    observation: tf.Tensor
    key: tf.Tensor
    count: tf.Tensor


class Dynamics(Protocol):
    """What `envs.adapters` needs to know of an `envs.tensor.TensorEnv`, which documents it."""

    observation_space: gymnasium.Space[Any]
    action_space: gymnasium.Space[Any]
    render_fps: ClassVar[int]

    @property
    def can_draw(self) -> bool:
        """Whether the environment can be seen."""

    @property
    def gives_masks(self) -> bool:
        """Whether it says which actions are allowed."""

    def action_mask(self, state: State) -> tf.Tensor | tuple[()]:
        """Return which actions are allowed in each environment."""

    def reset(self, key: tf.Tensor) -> tuple[State, tf.Tensor]:
        """Begin an episode in each environment."""

    def step(self, state: State, action: tf.Tensor, key: tf.Tensor) -> TensorStep:
        """Take one step in each environment."""

    def draw(self, state: State) -> np.ndarray:
        """Return a picture of one environment."""

    def begin(self, keys: tf.Tensor) -> Carry:
        """Begin environments that reset themselves."""

    def advance(self, carry: Carry, action: tf.Tensor) -> tuple[Carry, TensorStep]:
        """Step; an environment whose episode ended starts the next in the same step."""

    def limited(self) -> Dynamics:
        """Return these dynamics with their own time limit applied, if they have one."""
