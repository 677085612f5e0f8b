"""ActionMask: which actions are allowed, as part of what an agent observes."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete

KEY = "action_mask"


class ActionMask(gymnasium.Wrapper[np.ndarray, Any, Any, Any], gymnasium.utils.RecordConstructorArgs):
    """Put `info["action_mask"]` behind each observation, so that it is kept, replayed and resumed with it.

    Agents with a setting `action_mask` read it there. The observation is flattened, as
    `gymnasium.wrappers.FlattenObservation` does; behind it come numbers 0 or 1, one for each action.

    Args:
        env: With Discrete actions, and `info["action_mask"]` after every reset and step: a flag for each action, as
            Gymnasium's Taxi gives it.

    Raises:
        ValueError: For other actions or observations that cannot be flattened; and at a reset or step, for a mask that
            is missing, has another length or allows no action though the episode goes on.
    """

    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        gymnasium.utils.RecordConstructorArgs.__init__(self)
        gymnasium.Wrapper.__init__(self, env)
        if not isinstance(env.action_space, Discrete):
            raise ValueError(f"ActionMask received the action space {env.action_space}; expected Discrete.")
        flat = gymnasium.spaces.flatten_space(env.observation_space)
        if not isinstance(flat, Box):
            raise ValueError(
                f"ActionMask received the observation space {env.observation_space}; expected one that can be "
                "flattened to a vector."
            )
        self.number = int(env.action_space.n)
        low = np.concatenate([flat.low.astype(np.float32), np.zeros(self.number, np.float32)])
        high = np.concatenate([flat.high.astype(np.float32), np.ones(self.number, np.float32)])
        self.observation_space = Box(low, high, dtype=np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin an episode; the observation is float32 (d + A,), the environment's own in a row and then the mask."""
        observation, info = self.env.reset(seed=seed, options=options)
        return self._with_mask(observation, info, False), info

    def step(self, action: Any) -> tuple[np.ndarray, Any, bool, bool, dict[str, Any]]:
        """Take a step; the observation is as of `reset`, float32 (d + A,)."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        return self._with_mask(observation, info, terminated), reward, terminated, truncated, info

    def _with_mask(self, observation: Any, info: dict[str, Any], ended: bool) -> np.ndarray:
        if KEY not in info:
            raise ValueError(
                f"ActionMask: {self.env} gave the info {sorted(info)}; expected {KEY!r} in it, a flag for each action."
            )
        mask = np.asarray(info[KEY], np.float32)
        if mask.shape != (self.number,) or not np.isin(mask, (0.0, 1.0)).all():
            raise ValueError(f"ActionMask received the mask {info[KEY]!r}; expected {self.number} numbers 0 or 1.")
        if not mask.any():
            if not ended:
                raise ValueError(
                    "ActionMask received a mask that allows no action; expected at least one while an episode goes on. "
                    "Fix: let the environment end the episode there."
                )
            # Nothing is chosen here any more; what values the observation must see a mask like others.
            mask = np.ones(self.number, np.float32)
        flat = gymnasium.spaces.flatten(self.env.observation_space, observation)
        return np.concatenate([np.asarray(flat, np.float32), mask])
