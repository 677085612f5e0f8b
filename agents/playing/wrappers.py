"""The layers of a wrapped environment: their names, time limits and rewards before reward wrappers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gymnasium
from gymnasium.wrappers import (
    FrameStackObservation,
    OrderEnforcing,
    PassiveEnvChecker,
    RecordEpisodeStatistics,
    TimeLimit,
)

# An episode without a time limit is cut off after so many steps where it is played to evaluate, film or record.
MAX_EPISODE_STEPS = 10_000


def layers(env: gymnasium.Env[Any, Any]) -> Iterator[gymnasium.Env[Any, Any]]:
    """Yield an environment's wrappers from the outermost one on, then the environment itself."""
    layer = env
    while isinstance(layer, gymnasium.Wrapper):
        yield layer
        layer = layer.env
    yield layer


def name_of(env: gymnasium.Env[Any, Any]) -> str:
    """Return what to call an environment in a message: its id, or its class."""
    spec = getattr(env, "spec", None)
    # Dynamics as TensorFlow functions are what their author knows, not what steps them.
    own = getattr(env.unwrapped, "tensor_env", env.unwrapped)
    return spec.id if spec is not None else type(own).__name__


def has_time_limit(env: gymnasium.Env[Any, Any]) -> bool:
    """Tell whether an environment declares after how many steps its episodes end at the latest."""
    if any(isinstance(layer, TimeLimit) for layer in layers(env)):
        return True
    spec = getattr(env, "spec", None)
    # Atari games count frames themselves.
    return spec is not None and (
        spec.max_episode_steps is not None or "max_num_frames_per_episode" in (spec.kwargs or {})
    )


# Layers that give observations as they get them.
PASSING = (TimeLimit, OrderEnforcing, PassiveEnvChecker, RecordEpisodeStatistics, gymnasium.RewardWrapper)


def frame_stack(env: gymnasium.Env[Any, Any]) -> tuple[int, int] | None:
    """Return how many frames an environment's observations stack, and on which axis, as its layers say; else None.

    Gymnasium's FrameStackObservation says so, and any layer that declares `frame_stack = (number, axis)`, the axis 0 or
    -1; no layer around it may change observations.
    """
    for layer in layers(env):
        declared = vars(layer).get("frame_stack", getattr(type(layer), "frame_stack", None))
        if declared is None and isinstance(layer, FrameStackObservation):
            declared = (layer.stack_size, 0)
        if declared is not None:
            number, axis = declared
            shape = layer.observation_space.shape
            return (int(number), int(axis)) if shape and len(shape) > 1 and shape[axis] == number > 1 else None
        if not isinstance(layer, PASSING):
            return None
    return None


class RewardTap(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Adds up an episode's rewards as they are below the reward wrappers.

    Attributes:
        total: The undiscounted return so far.
    """

    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        super().__init__(env)
        self.total = 0.0

    def reset(self, **keywords: Any) -> Any:
        self.total = 0.0
        return self.env.reset(**keywords)

    def step(self, action: Any) -> Any:
        result = self.env.step(action)
        self.total += float(result[1])
        return result


def changes_rewards(layer: gymnasium.Env[Any, Any]) -> bool:
    """Tell whether a layer is there to change rewards: clips, scales or normalises them."""
    return isinstance(layer, gymnasium.RewardWrapper) or hasattr(layer, "return_rms")


def tap_rewards(env: gymnasium.Env[Any, Any]) -> RewardTap | None:
    """Put a tap below the innermost reward wrapper of an environment; return it, or None where there is no wrapper."""
    wrappers: list[Any] = [layer for layer in layers(env) if isinstance(layer, gymnasium.Wrapper)]
    for layer in reversed(wrappers):
        if changes_rewards(layer):
            layer.env = tap = RewardTap(layer.env)
            return tap
    return None
