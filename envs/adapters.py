"""Make any TensorEnv a `gymnasium.Env` or a `gymnasium.vector.VectorEnv`."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

import gymnasium
import numpy as np
import tensorflow as tf
from gymnasium.error import ResetNeeded
from gymnasium.spaces import Box, Discrete
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from envs.drawing.window import Window
from envs.dynamics import Carry, Dynamics
from envs.together import Ahead, Together, compiled, together

_masks: WeakKeyDictionary[Dynamics, Any] = WeakKeyDictionary()


class TensorEnvAdapter(gymnasium.Env[Any, Any]):
    """Steps one environment of a TensorEnv as Gymnasium expects it.

    All random numbers come from `np_random`, which gives each episode a key: an episode whose generator state and
    actions are known can be played again exactly.

    Args:
        tensor_env: The dynamics; time limits are `gymnasium.wrappers.TimeLimit`'s business here.
        render_mode: None, "human" or "rgb_array".

    Attributes:
        ahead: The next step, where `envs.together` has made it.
    """

    def __init__(self, tensor_env: Dynamics, render_mode: str | None = None) -> None:
        self.tensor_env = tensor_env
        self.metadata = _metadata(tensor_env)
        _check_render_mode(tensor_env, render_mode)
        self.render_mode = render_mode
        self.observation_space, self.action_space = tensor_env.observation_space, tensor_env.action_space
        self._reset, self._step = compiled(tensor_env)
        self._state: Any = None
        self._key: Any = None
        self._elapsed = 0
        self._mask: Any = ()
        self.ahead: Ahead | None = None
        self._window: Window | None = None

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        words = self.np_random.integers(2**32, size=(1, 2), dtype=np.uint32)
        self._key, self._elapsed, self.ahead = words, 0, None
        self._state, observation, self._mask = self._reset(words)
        self._show()
        return self._given(observation), self._info()

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        if self._state is None:
            raise ResetNeeded("step was called before reset. Fix: call env.reset() first.")
        given = _checked(self.action_space, action)
        self._elapsed += 1
        ahead, self.ahead = self.ahead, None
        if ahead is not None and np.array_equal(given, ahead.action):
            _, self._state, observation, outcome, self._mask = ahead
        else:
            made = self._step(self._state, given, self._key, np.array([self._elapsed], np.int32))
            self._state, observation, outcome, self._mask = made
        reward, terminated, truncated = np.asarray(outcome)[0].tolist()
        self._show()
        return self._given(observation), reward, bool(terminated), bool(truncated), self._info()

    @property
    def position(self) -> tuple[Any, np.ndarray, int]:
        """The state, (1, ...) each (None before the first reset), the episode's key, uint32 (1, 2), and its steps."""
        return self._state, self._key, self._elapsed

    def together(self, envs: Sequence[gymnasium.Env[Any, Any]]) -> Together | None:
        """Return what steps environments together, this one among them; None where they differ."""
        return together(envs)

    def render(self) -> Any:
        if self.render_mode != "rgb_array":
            return None
        return self._picture()

    def close(self) -> None:
        if self._window is not None:
            self._window.close()

    def _picture(self) -> np.ndarray:
        if self._state is None:
            raise ResetNeeded("render was called before reset. Fix: call env.reset() first.")
        return self._draw(_one(self._state, 0))

    def _draw(self, state: Any) -> np.ndarray:
        return self.tensor_env.draw(state)

    def _show(self) -> None:
        if self.render_mode != "human":
            return
        import pygame

        picture = self._picture()
        if self._window is None:
            name, size = type(self.tensor_env).__name__, (picture.shape[1], picture.shape[0])
            self._window = Window(name, size, self.tensor_env.render_fps)
        self._window.show(pygame.surfarray.make_surface(picture.swapaxes(0, 1)))

    def _info(self) -> dict[str, Any]:
        if not self.tensor_env.gives_masks:
            return {}
        # As Gymnasium's Taxi gives it.
        return {"action_mask": np.asarray(self._mask)[0].astype(np.int8)}

    def _given(self, observation: Any) -> Any:
        value = np.asarray(observation)[0]
        return np.int64(value) if isinstance(self.observation_space, Discrete) else value


class TensorVectorEnv(VectorEnv[Any, Any, Any]):
    """Steps n environments of a TensorEnv in one compiled call, resetting each in the step that ends its episode.

    Args:
        tensor_env: The dynamics; their own `max_episode_steps` applies.
        num_envs: How many.
        render_mode: None or "rgb_array".
    """

    def __init__(self, tensor_env: Dynamics, num_envs: int = 1, render_mode: str | None = None) -> None:
        if num_envs < 1:
            raise ValueError(f"TensorVectorEnv: num_envs received {num_envs}; expected a whole number > 0.")
        if render_mode == "human":
            raise ValueError("TensorVectorEnv: render_mode received 'human'; expected None or 'rgb_array'.")
        _check_render_mode(tensor_env, render_mode)
        self.tensor_env = tensor_env
        self.metadata = {**_metadata(tensor_env), "autoreset_mode": AutoresetMode.SAME_STEP}
        self.render_mode = render_mode
        self.num_envs = num_envs
        self.single_observation_space, self.single_action_space = tensor_env.observation_space, tensor_env.action_space
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._env = tensor_env.limited()
        self._carry: Carry | None = None

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin an episode in each environment.

        Args:
            seed: One for all, or one each.
            options: Not used.

        Returns:
            Observations (n, ...) in the dtype of the observation space, and what is to be known beside them.

        Raises:
            ValueError: On another number of seeds than environments.
        """
        if isinstance(seed, list):
            if len(seed) != self.num_envs:
                raise ValueError(f"reset: seed received {len(seed)} seeds for {self.num_envs} environments.")
            words = np.stack([np.random.SeedSequence(s).generate_state(2, np.uint32) for s in seed])
        else:
            super().reset(seed=seed)
            words = self.np_random.integers(2**32, size=(self.num_envs, 2), dtype=np.uint32)
        self._carry = self._begin(tf.constant(words))
        return self._given(self._carry.observation), self._infos(self._carry.state)

    def step(self, actions: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        if self._carry is None:
            raise ResetNeeded("step was called before reset. Fix: call envs.reset() first.")
        dtype = np.int32 if isinstance(self.single_action_space, Discrete) else np.float32
        given = np.asarray(actions, dtype)
        expected = (self.num_envs, *(self.single_action_space.shape or ()))
        if given.shape != expected:
            raise ValueError(f"step: actions received the shape {given.shape}; expected {expected}.")
        if (
            isinstance(self.single_action_space, Discrete)
            and not ((given >= 0) & (given < self.single_action_space.n)).all()
        ):
            raise ValueError(f"step: actions received {given}; expected 0 to {self.single_action_space.n - 1}.")
        self._carry, step = self._advance(self._carry, tf.constant(given))
        terminated, truncated = step.terminated.numpy(), step.truncated.numpy()
        ended = terminated | truncated
        infos = self._infos(self._carry.state)
        if ended.any():
            final = np.full(self.num_envs, None, dtype=object)
            last = self._given(step.observation)
            for i in np.flatnonzero(ended):
                final[i] = last[i]
            infos |= {
                "final_obs": final,
                "_final_obs": ended.copy(),
                "final_info": self._infos(step.state, ended),
                "_final_info": ended.copy(),
            }
        reward = step.reward.numpy().astype(np.float64)
        return self._given(self._carry.observation), reward, terminated, truncated, infos

    def render(self) -> Any:
        if self.render_mode != "rgb_array" or self._carry is None:
            return None
        return tuple(self._env.draw(_one(self._carry.state, i)) for i in range(self.num_envs))

    def _infos(self, state: Any, of: np.ndarray | None = None) -> dict[str, Any]:
        if not self.tensor_env.gives_masks:
            return {}
        masks = _masks_of(self._env)(state).numpy().astype(np.int8)
        given = np.ones(self.num_envs, bool) if of is None else of.copy()
        return {"action_mask": np.where(given[:, None], masks, np.int8(0)), "_action_mask": given}

    def _given(self, observation: tf.Tensor) -> np.ndarray:
        return observation.numpy().astype(self.single_observation_space.dtype)

    @functools.cached_property
    def _begin(self) -> Any:
        return tf.function(self._env.begin, jit_compile=True, autograph=False)

    @functools.cached_property
    def _advance(self) -> Any:
        return tf.function(self._env.advance, jit_compile=True, autograph=False)


def make(dynamics: str, render_mode: str | None = None, **keywords: Any) -> TensorEnvAdapter:
    """Make one environment from "module:Class" of this package; the entry point of its registered ids."""
    definition = _definition(dynamics, **keywords)
    return adapter_of(definition)(definition, render_mode)


def adapter_of(definition: Dynamics) -> type[TensorEnvAdapter]:
    """Return the class that makes a definition a `gymnasium.Env`: its own, or the general one."""
    own = getattr(definition, "adapter", None)
    return own() if own is not None else TensorEnvAdapter


def make_vector(dynamics: str, num_envs: int = 1, render_mode: str | None = None, **keywords: Any) -> TensorVectorEnv:
    """Make n environments that step together; the vector entry point of the registered ids."""
    # Gymnasium passes on the limit of the registered id; a TensorEnv applies the same one itself.
    keywords.pop("max_episode_steps", None)
    return TensorVectorEnv(_definition(dynamics, **keywords), num_envs, render_mode)


def _definition(dynamics: str, **keywords: Any) -> Dynamics:
    try:
        return _shared(dynamics, **keywords)
    except TypeError as error:
        if "unhashable" not in str(error):
            raise
        return _shared.__wrapped__(dynamics, **keywords)


@functools.lru_cache(maxsize=64)
def _shared(dynamics: str, **keywords: Any) -> Dynamics:
    # Environments made with equal keywords share a definition, and with it what is compiled for it.
    module, name = dynamics.split(":")
    return getattr(importlib.import_module(module), name)(**keywords)


def _masks_of(env: Dynamics) -> Any:
    if env not in _masks:
        _masks[env] = tf.function(env.action_mask, jit_compile=True, autograph=False)
    return _masks[env]


def _metadata(env: Dynamics) -> dict[str, Any]:
    return {"render_modes": ["human", "rgb_array"] if env.can_draw else [], "render_fps": env.render_fps}


def _check_render_mode(env: Dynamics, mode: str | None) -> None:
    modes = _metadata(env)["render_modes"]
    if mode is not None and mode not in modes:
        raise ValueError(f"{type(env).__name__}: render_mode received {mode!r}; expected None or one of {modes}.")


def _checked(space: gymnasium.Space[Any], action: Any) -> np.ndarray:
    if isinstance(space, Discrete):
        if not space.contains(action) and not (np.ndim(action) == 0 and space.contains(np.asarray(action).item())):
            raise ValueError(f"step: action received {action!r}; expected a whole number from 0 to {space.n - 1}.")
        return np.asarray([action], np.int32)
    given = np.asarray(action, np.float32)
    if isinstance(space, Box) and given.shape != space.shape:
        raise ValueError(f"step: action received the shape {given.shape}; expected {space.shape}.")
    return given[None]


def _one(state: Any, i: int) -> Any:
    return tf.nest.map_structure(lambda leaf: np.asarray(leaf)[i], state)
