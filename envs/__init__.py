"""Offer the project's Gymnasium environments and wrappers; importing this package registers the environments."""

from __future__ import annotations

from envs.action_mask import ActionMask
from envs.gridworld.environment import GridWorld
from envs.registration import register
from envs.wrappers import DiscretizeObservation

__all__ = ["ActionMask", "DiscretizeObservation", "GridWorld", "register"]

register()
