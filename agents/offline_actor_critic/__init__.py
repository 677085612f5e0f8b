"""Actor-critics that learn from recorded episodes."""

from agents.offline_actor_critic.agent import OfflineActorCritic
from agents.offline_actor_critic.awac import AWAC
from agents.offline_actor_critic.iql import IQL
from agents.offline_actor_critic.settings import AWACSettings, IQLSettings, OfflineActorCriticSettings, TD3BCSettings
from agents.offline_actor_critic.td3bc import TD3BC

__all__ = [
    "AWAC",
    "IQL",
    "TD3BC",
    "AWACSettings",
    "IQLSettings",
    "OfflineActorCritic",
    "OfflineActorCriticSettings",
    "TD3BCSettings",
]
