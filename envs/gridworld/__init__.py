"""GridWorld: walls, pits, goals and slippery floors, small enough to be solved exactly."""

from envs.gridworld.environment import GridWorld

__all__ = ["GridWorld"]
