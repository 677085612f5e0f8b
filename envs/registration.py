"""Register the project's environments with Gymnasium."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import gymnasium

GRIDWORLD_ID = "lab/GridWorld-v0"

# At the default step reward of -0.01, a hundred wasted steps cost exactly what the goal pays.
GRIDWORLD_MAX_EPISODE_STEPS = 100


class Entry(NamedTuple):
    """Where a TensorEnv is, and after how many steps its episodes are truncated."""

    dynamics: str
    max_episode_steps: int


# The limits stand here as well as on the classes, so that registering loads no TensorFlow; a test compares them.
TENSOR_ENVS = {
    "lab/CartPole-v1": Entry("envs.classic.cartpole:CartPole", 500),
    "lab/MountainCar-v0": Entry("envs.classic.mountain_car:MountainCar", 200),
    "lab/MountainCarContinuous-v0": Entry("envs.classic.mountain_car_continuous:MountainCarContinuous", 999),
    "lab/Acrobot-v1": Entry("envs.classic.acrobot:Acrobot", 500),
    "lab/Pendulum-v1": Entry("envs.classic.pendulum:Pendulum", 200),
    "lab/FrozenLake-v0": Entry("envs.grid.frozen_lake:FrozenLake", 100),
    "lab/CliffWalk-v0": Entry("envs.grid.cliff_walk:CliffWalk", 200),
    "lab/Taxi-v4": Entry("envs.grid.taxi:Taxi", 200),
    "lab/Maze-v0": Entry("envs.grid.maze:Maze", 400),
    "lab/Catch-v0": Entry("envs.arcade.catch:Catch", 100),
    "lab/Snake-v0": Entry("envs.arcade.snake:Snake", 1_000),
    "lab/Breakout-v0": Entry("envs.arcade.breakout:Breakout", 1_000),
    "lab/Asterix-v0": Entry("envs.arcade.asterix:Asterix", 1_000),
    "lab/KeyDoor-v0": Entry("envs.grid.key_door:KeyDoor", 28),
    "lab/PointMass-v0": Entry("envs.continuous.point_mass:PointMass", 200),
    "lab/LunarLander-v0": Entry("envs.lander.environment:LunarLander", 1_000),
    "lab/LunarLanderContinuous-v0": Entry("envs.lander.environment:LunarLanderContinuous", 1_000),
    "lab/Hopper-v0": Entry("envs.locomotion.hopper:Hopper", 1_000),
    "lab/Walker-v0": Entry("envs.locomotion.walker:Walker", 1_000),
}


def register() -> None:
    """Register every environment of this package; an id that is registered already is left as it is."""
    if GRIDWORLD_ID not in gymnasium.registry:
        gymnasium.register(
            id=GRIDWORLD_ID,
            entry_point="envs.gridworld.environment:GridWorld",
            max_episode_steps=GRIDWORLD_MAX_EPISODE_STEPS,
        )
    for name, entry in TENSOR_ENVS.items():
        if name not in gymnasium.registry:
            gymnasium.register(
                id=name,
                entry_point=partial(_make, entry.dynamics),
                vector_entry_point=partial(_make_vector, entry.dynamics),
                max_episode_steps=entry.max_episode_steps,
            )


def _make(dynamics: str, **keywords: Any) -> gymnasium.Env[Any, Any]:
    from envs.adapters import make

    return make(dynamics, **keywords)


def _make_vector(dynamics: str, **keywords: Any) -> Any:
    from envs.adapters import make_vector

    return make_vector(dynamics, **keywords)
