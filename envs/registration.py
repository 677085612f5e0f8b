"""Register the project's environments with Gymnasium."""

from __future__ import annotations

import gymnasium

GRIDWORLD_ID = "lab/GridWorld-v0"

# At the default step reward of -0.01, a hundred wasted steps cost exactly what the goal pays.
GRIDWORLD_MAX_EPISODE_STEPS = 100


def register() -> None:
    """Register every environment of this package; an id that is registered already is left as it is."""
    if GRIDWORLD_ID not in gymnasium.registry:
        gymnasium.register(
            id=GRIDWORLD_ID,
            entry_point="envs.gridworld:GridWorld",
            max_episode_steps=GRIDWORLD_MAX_EPISODE_STEPS,
        )
