"""Imitation of recorded actions."""

from agents.cloning.agent import BehaviorCloning
from agents.cloning.distillation import PolicyDistillation, PolicyDistillationSettings
from agents.cloning.percent import PercentBC, PercentBCSettings
from agents.cloning.settings import BehaviorCloningSettings

__all__ = [
    "BehaviorCloning",
    "BehaviorCloningSettings",
    "PercentBC",
    "PercentBCSettings",
    "PolicyDistillation",
    "PolicyDistillationSettings",
]
