"""Offer the project's Gymnasium environments and wrappers; importing this package registers the environments."""

from __future__ import annotations

from envs.gridworld.environment import GridWorld
from envs.registration import register
from envs.wrappers import DiscretizeObservation

__all__ = ["DiscretizeObservation", "GridWorld", "register"]

register()
