"""Atari games by name: with the preprocessing that everybody compares with (extra `atari`)."""

from __future__ import annotations

from typing import Any

import gymnasium
from gymnasium.wrappers import AtariPreprocessing, ClipReward, FrameStackObservation

from lab.errors import MissingPackageError

NAMESPACE = "ALE/"
STACK = 4


def is_atari(name: str) -> bool:
    """Return whether a registered environment's id is of a game of the Arcade Learning Environment that shows pictures.

    Games that show their memory have no pictures to prepare.
    """
    if not name.startswith(NAMESPACE):
        return False
    spec = gymnasium.spec(name)
    return str(spec.entry_point).startswith("ale_py") and spec.kwargs.get("obs_type", "rgb") != "ram"


def make(name: str, training: bool, **keywords: Any) -> gymnasium.Env[Any, Any]:
    """Make a game whose observations are uint8 (4, 84, 84), the newest frame last.

    Up to 30 no-ops at an episode's start, each action for 4 frames, the maximum of the last two, gray, 84 x 84,
    4 of them stacked (Mnih et al. 2015, methods). Only where the agent trains, rewards are clipped to [-1, 1] and an
    episode ends with a life; the next one begins anew. Actions are repeated as the id says (Machado et al. 2018).

    Args:
        name: The id.
        training: Whether an agent trains in it.
        keywords: Of `gymnasium.make`.

    Raises:
        MissingPackageError: When OpenCV is not installed, by which frames are made smaller.
    """
    env = gymnasium.make(name, frameskip=1, disable_env_checker=True, **keywords)
    try:
        env = AtariPreprocessing(env, noop_max=30, frame_skip=4, screen_size=84, terminal_on_life_loss=training)
    except (gymnasium.error.DependencyNotInstalled, ImportError) as error:
        raise MissingPackageError(
            f"{name} needs OpenCV for its frames: {error} Fix: pip install keras-lab[atari]."
        ) from error
    if training:
        env = ClipReward(env, -1.0, 1.0)
    return FrameStackObservation(env, STACK)
