"""Actor-critic agents that learn from replayed transitions."""

from agents.off_policy.agent import OffPolicyAgent
from agents.off_policy.sac import SAC
from agents.off_policy.settings import DDPGSettings, OffPolicySettings, SACSettings, TD3Settings
from agents.off_policy.td3 import DDPG, TD3

__all__ = [
    "DDPG",
    "SAC",
    "TD3",
    "DDPGSettings",
    "OffPolicyAgent",
    "OffPolicySettings",
    "SACSettings",
    "TD3Settings",
]
