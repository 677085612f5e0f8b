"""Agents that learn from rollouts of their present policy."""

from agents.on_policy.a2c import A2C
from agents.on_policy.agent import OnPolicyAgent
from agents.on_policy.ppo import PPO
from agents.on_policy.recurrent import RecurrentPPO, RecurrentPPOSettings
from agents.on_policy.reinforce import REINFORCE
from agents.on_policy.settings import A2CSettings, OnPolicySettings, PPOSettings, REINFORCESettings
from agents.on_policy.state import Estimates

__all__ = [
    "A2C",
    "PPO",
    "REINFORCE",
    "A2CSettings",
    "Estimates",
    "OnPolicyAgent",
    "OnPolicySettings",
    "PPOSettings",
    "REINFORCESettings",
    "RecurrentPPO",
    "RecurrentPPOSettings",
]
