"""TensorEnv: environments whose dynamics are TensorFlow functions, so that whole training runs compile."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import gymnasium
import numpy as np
import tensorflow as tf
from gymnasium.spaces import Box, Discrete

from envs.adapters import adapter_of
from envs.dynamics import Carry, State, TensorStep
from envs.random import fold_in

__all__ = ["Carry", "Stacked", "State", "TensorEnv", "TensorStep", "TimeLimit", "limited"]


class TensorEnv(ABC):
    """Dynamics of n environments at once, as pure functions of explicit states and keys.

    A subclass gives the two spaces of one environment, `reset` and `step`, and `draw` if it can be seen. All
    functions take and return tensors with the leading axis n, and keep no state of their own: an instance is a
    definition that any number of environments share. `envs.adapters` makes it a `gymnasium.Env`.

    Attributes:
        observation_space, action_space: Of one environment. Discrete spaces start at 0.
        max_episode_steps: After how many steps an episode is truncated, or None.
        counterpart_of: The id of the Gymnasium environment whose dynamics these are, proven by tests, or None.
        render_fps: Frames a second that suit the pace of the game.
    """

    observation_space: gymnasium.Space[Any]
    action_space: gymnasium.Space[Any]
    max_episode_steps: int | None = None
    counterpart_of: ClassVar[str | None] = None
    render_fps: ClassVar[int] = 30

    @abstractmethod
    def reset(self, key: tf.Tensor) -> tuple[State, tf.Tensor]:
        """Begin episodes.

        Args:
            key: uint32 (n, 2); see `envs.random`.

        Returns:
            The states and the first observations, with the leading axis n.
        """

    @abstractmethod
    def step(self, state: State, action: tf.Tensor, key: tf.Tensor) -> TensorStep:
        """Take one step in each environment.

        Args:
            state: As `reset` or `step` returned it.
            action: int32 (n,) for Discrete spaces, float32 (n, ...) for Box.
            key: uint32 (n, 2), a fresh one for each step.
        """

    def action_mask(self, state: State) -> tf.Tensor | tuple[()]:
        """Return which actions are allowed in each environment, bool (n, A), for Discrete actions (hook).

        At least one must be allowed where the episode goes on. By default there is no mask, which is ().

        Args:
            state: As `reset` or `step` returned it.
        """
        return ()

    def draw(self, state: State) -> np.ndarray:
        """Return a picture of one environment, uint8 (H, W, 3); `state` is NumPy, without the leading axis (hook)."""
        raise NotImplementedError(f"{type(self).__name__} has no picture. Fix: give it a `draw` method.")

    def to_gymnasium(self, render_mode: str | None = None) -> gymnasium.Env[Any, Any]:
        """Return one environment of these dynamics as a `gymnasium.Env`, its time limit applied.

        Args:
            render_mode: None, "human" or "rgb_array".
        """
        env = adapter_of(self)(self, render_mode)
        limit = self.max_episode_steps
        return env if limit is None else gymnasium.wrappers.TimeLimit(env, limit)

    def limited(self) -> TensorEnv:
        """Return these dynamics with their own time limit applied, if they have one."""
        return limited(self)

    @property
    def can_draw(self) -> bool:
        """Whether the environment can be seen."""
        return type(self).draw is not TensorEnv.draw

    @property
    def gives_masks(self) -> bool:
        """Whether it says which actions are allowed."""
        return type(self).action_mask is not TensorEnv.action_mask

    @property
    def identity(self) -> Any:
        """What two definitions have in common when one may stand for the other."""
        return self

    # ---------------------------------------------------------------- self-resetting, shared by lanes and adapters

    def begin(self, keys: tf.Tensor) -> Carry:
        """Begin n environments that reset themselves, each with a key of its own, uint32 (n, 2)."""
        state, observation = self.reset(fold_in(keys, 0))
        return Carry(state, observation, keys, tf.zeros(keys.shape[0], tf.int32))

    def advance(self, carry: Carry, action: tf.Tensor) -> tuple[Carry, TensorStep]:
        """Step by actions int32 (n,) or float32 (n, ...); where an episode ended, the next starts in the same step.

        Returns:
            The carry after resets, and the step as it was: its observation is an ended episode's true last one.
        """
        count = carry.count + 1
        step = self.step(carry.state, action, fold_in(carry.key, 2 * count - 1))
        fresh_state, fresh_observation = self.reset(fold_in(carry.key, 2 * count))
        ended = step.terminated | step.truncated
        state = tf.nest.map_structure(lambda new, old: _choose(ended, new, old), fresh_state, step.state)
        observation = _choose(ended, fresh_observation, step.observation)
        return Carry(state, observation, carry.key, count), step

    # ---------------------------------------------------------------- checking

    def check(self) -> None:
        """Raise ValueError when shapes or dtypes differ between functions, steps and spaces, naming which."""
        name = type(self).__name__
        for role in ("observation_space", "action_space"):
            space = getattr(self, role, None)
            if not isinstance(space, (Box, Discrete)):
                raise ValueError(
                    f"{name}.{role} received {space}; expected a Box or Discrete. Fix: set it in __init__."
                )
        number = 3
        keys = tf.constant(np.arange(2 * number, dtype=np.uint32).reshape(number, 2))
        state, observation = self.reset(keys)
        _check_observation(f"{name}.reset", self.observation_space, observation, number)
        for leaf in tf.nest.flatten(state):
            if leaf.shape[:1] != (number,):
                raise ValueError(
                    f"{name}.reset returned a state of shape {tuple(leaf.shape)} for {number} environments; expected "
                    f"the leading axis {number}. Fix: derive every part of the state from the keys' leading axis."
                )
        action = tf.zeros((number, *(self.action_space.shape or ())), _action_dtype(self.action_space))
        if self.gives_masks:
            _check_mask(name, self.action_space, self.action_mask(state), number)
        step = self.step(state, action, keys)
        if not isinstance(step, TensorStep):
            raise ValueError(f"{name}.step returned a {type(step).__name__}; expected a TensorStep.")
        _check_same(f"{name}.step", state, step.state)
        _check_observation(f"{name}.step", self.observation_space, step.observation, number)
        for part, dtype in (("reward", tf.float32), ("terminated", tf.bool), ("truncated", tf.bool)):
            value = getattr(step, part)
            if value.dtype != dtype or value.shape != (number,):
                raise ValueError(
                    f"{name}.step returned {part} as {value.dtype.name} {tuple(value.shape)} for {number} "
                    f"environments; expected {dtype.name} ({number},)."
                )


class Wrapped(TensorEnv):
    """Passes on what another TensorEnv says of its states, which come first in pairs with something of its own."""

    env: TensorEnv

    def action_mask(self, state: State) -> tf.Tensor | tuple[()]:
        return self.env.action_mask(state[0])

    @property
    def gives_masks(self) -> bool:
        return self.env.gives_masks

    def draw(self, state: State) -> np.ndarray:
        return self.env.draw(state[0])

    @property
    def can_draw(self) -> bool:
        return self.env.can_draw

    def check(self) -> None:
        # First, so that the message names the environment's own functions.
        self.env.check()
        super().check()


class TimeLimit(Wrapped):
    """Truncates another TensorEnv's episodes after a number of steps.

    Args:
        env: The environment.
        steps: Steps an episode may take; None for the environment's own `max_episode_steps`.
    """

    def __init__(self, env: TensorEnv, steps: int | None = None) -> None:
        self.env = env
        self.observation_space, self.action_space = env.observation_space, env.action_space
        limit = steps if steps is not None else env.max_episode_steps
        if limit is None or limit < 1:
            raise ValueError(f"TimeLimit: steps received {limit}; expected a whole number of steps > 0.")
        self.max_episode_steps = limit

    def reset(self, key: tf.Tensor) -> tuple[State, tf.Tensor]:
        state, observation = self.env.reset(key)
        return (state, tf.zeros(key.shape[0], tf.int32)), observation

    def step(self, state: State, action: tf.Tensor, key: tf.Tensor) -> TensorStep:
        inner, elapsed = state
        elapsed = elapsed + 1
        step = self.env.step(inner, action, key)
        over = elapsed >= self.max_episode_steps
        return step._replace(state=(step.state, elapsed), truncated=step.truncated | over)

    @property
    def identity(self) -> Any:
        return self.env.identity, self.max_episode_steps


class Stacked(Wrapped):
    """Gives the last K observations of another TensorEnv, the oldest first, as an array with a first axis of K.

    As `gymnasium.wrappers.FrameStackObservation(env, K)`: an episode begins with its first observation K times.

    Args:
        env: The environment; its observations are a Box.
        number: K, 2 or more.
    """

    def __init__(self, env: TensorEnv, number: int) -> None:
        space = env.observation_space
        if not isinstance(space, Box):
            raise ValueError(f"Stacked: env received the observation space {space}; expected a Box.")
        if isinstance(number, bool) or not isinstance(number, int) or number < 2:
            raise ValueError(f"Stacked: number received {number!r}; expected a whole number >= 2, such as 4.")
        self.env, self.number = env, number
        low, high = (np.repeat(bound[None], number, axis=0) for bound in (space.low, space.high))
        self.observation_space = Box(low, high, dtype=space.dtype.type)
        self.action_space, self.max_episode_steps = env.action_space, env.max_episode_steps

    def reset(self, key: tf.Tensor) -> tuple[State, tf.Tensor]:
        state, observation = self.env.reset(key)
        stack = tf.repeat(observation[:, None], self.number, axis=1)
        return (state, stack), stack

    def step(self, state: State, action: tf.Tensor, key: tf.Tensor) -> TensorStep:
        inner, stack = state
        step = self.env.step(inner, action, key)
        stack = tf.concat([stack[:, 1:], step.observation[:, None]], axis=1)
        return step._replace(state=(step.state, stack), observation=stack)

    @property
    def identity(self) -> Any:
        return "stacked", self.env.identity, self.number


def limited(env: TensorEnv) -> TensorEnv:
    """Return an environment with its own time limit applied, if it has one."""
    return env if env.max_episode_steps is None else TimeLimit(env)


def _choose(ended: tf.Tensor, new: tf.Tensor, old: tf.Tensor) -> tf.Tensor:
    return tf.where(tf.reshape(ended, [-1] + [1] * (len(old.shape) - 1)), new, old)


def _action_dtype(space: gymnasium.Space[Any]) -> Any:
    return tf.int32 if isinstance(space, Discrete) else tf.float32


def _check_mask(name: str, space: gymnasium.Space[Any], mask: Any, number: int) -> None:
    expected = (number, int(space.n)) if isinstance(space, Discrete) else None
    found = tuple(getattr(mask, "shape", ())), getattr(getattr(mask, "dtype", None), "name", None)
    if expected is None or found != (expected, "bool"):
        raise ValueError(
            f"{name}.action_mask returned {found[1]} {found[0]} for {number} environments with the actions {space}; "
            f"expected bool {expected or '(n, A), of Discrete actions'}."
        )


def _check_observation(where: str, space: gymnasium.Space[Any], observation: tf.Tensor, number: int) -> None:
    expected = (number, *(space.shape or ()))
    dtype = tf.int32 if isinstance(space, Discrete) else tf.as_dtype(space.dtype)
    if tuple(observation.shape) != expected or observation.dtype != dtype:
        raise ValueError(
            f"{where} returned observations {observation.dtype.name} {tuple(observation.shape)} for {number} "
            f"environments; expected {dtype.name} {expected}, as the observation space says."
        )


def _check_same(where: str, before: State, after: State) -> None:
    try:
        tf.nest.assert_same_structure(before, after)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{where} returned a state of another structure than it was given: {error}") from error
    for i, (old, new) in enumerate(zip(tf.nest.flatten(before), tf.nest.flatten(after), strict=True)):
        if old.shape != new.shape or old.dtype != new.dtype:
            raise ValueError(
                f"{where} changed part {i} of the state from {old.dtype.name} {tuple(old.shape)} to "
                f"{new.dtype.name} {tuple(new.shape)}; expected the same. Fix: return what `reset` returns."
            )
