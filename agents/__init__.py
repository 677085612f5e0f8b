"""Agents: learners that act in Gymnasium environments. Names load on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lab.registry import tasks
from lab.runtime.loading import load

if TYPE_CHECKING:
    from agents.base import Agent
    from agents.baselines import Random
    from agents.cloning import (
        BehaviorCloning,
        BehaviorCloningSettings,
        PercentBC,
        PercentBCSettings,
        PolicyDistillation,
        PolicyDistillationSettings,
    )
    from agents.cql import CQL, CQLSettings
    from agents.decision_transformer import (
        DecisionTransformer,
        DecisionTransformerSettings,
        OnlineDecisionTransformer,
        OnlineDecisionTransformerSettings,
    )
    from agents.dqn import DQN, DQNSettings, Rainbow, RainbowSettings
    from agents.episodes import Episodes
    from agents.functional import FunctionalAgent
    from agents.off_policy import (
        DDPG,
        SAC,
        TD3,
        DDPGSettings,
        OffPolicyAgent,
        OffPolicySettings,
        SACSettings,
        TD3Settings,
    )
    from agents.offline import OfflineAgent
    from agents.offline_actor_critic import (
        AWAC,
        IQL,
        TD3BC,
        AWACSettings,
        IQLSettings,
        OfflineActorCritic,
        OfflineActorCriticSettings,
        TD3BCSettings,
    )
    from agents.on_policy import (
        A2C,
        PPO,
        REINFORCE,
        A2CSettings,
        OnPolicyAgent,
        PPOSettings,
        RecurrentPPO,
        RecurrentPPOSettings,
        REINFORCESettings,
    )
    from agents.q_learning import QLearning, QLearningSettings
    from agents.recurrent_dqn import RecurrentDQN, RecurrentDQNSettings
    from agents.tabular import (
        SARSA,
        DoubleQLearning,
        DoubleQLearningSettings,
        DynaQ,
        DynaQSettings,
        ExpectedSARSA,
        ExpectedSARSASettings,
        NStepSARSA,
        NStepSARSASettings,
        QLambda,
        QLambdaSettings,
        SARSASettings,
        TabularAgent,
        TabularSettings,
    )
    from agents.transitions import Batch, Transition
    from agents.tuned_settings import Tuned, tuned

_HOMES = {
    "DDPG": "agents.off_policy",
    "SAC": "agents.off_policy",
    "TD3": "agents.off_policy",
    "DDPGSettings": "agents.off_policy",
    "OffPolicyAgent": "agents.off_policy",
    "OffPolicySettings": "agents.off_policy",
    "SACSettings": "agents.off_policy",
    "TD3Settings": "agents.off_policy",
    "A2C": "agents.on_policy",
    "A2CSettings": "agents.on_policy",
    "OnPolicyAgent": "agents.on_policy",
    "PPO": "agents.on_policy",
    "PPOSettings": "agents.on_policy",
    "REINFORCE": "agents.on_policy",
    "REINFORCESettings": "agents.on_policy",
    "AWAC": "agents.offline_actor_critic",
    "AWACSettings": "agents.offline_actor_critic",
    "IQL": "agents.offline_actor_critic",
    "IQLSettings": "agents.offline_actor_critic",
    "OfflineActorCritic": "agents.offline_actor_critic",
    "OfflineActorCriticSettings": "agents.offline_actor_critic",
    "TD3BC": "agents.offline_actor_critic",
    "TD3BCSettings": "agents.offline_actor_critic",
    "CQL": "agents.cql",
    "CQLSettings": "agents.cql",
    "Agent": "agents.base",
    "Batch": "agents.transitions",
    "FunctionalAgent": "agents.functional",
    "BehaviorCloning": "agents.cloning",
    "BehaviorCloningSettings": "agents.cloning",
    "DQN": "agents.dqn",
    "DQNSettings": "agents.dqn",
    "DecisionTransformer": "agents.decision_transformer",
    "DecisionTransformerSettings": "agents.decision_transformer",
    "Episodes": "agents.episodes",
    "OfflineAgent": "agents.offline",
    "OnlineDecisionTransformer": "agents.decision_transformer",
    "OnlineDecisionTransformerSettings": "agents.decision_transformer",
    "PercentBC": "agents.cloning",
    "PercentBCSettings": "agents.cloning",
    "PolicyDistillation": "agents.cloning",
    "PolicyDistillationSettings": "agents.cloning",
    "QLearning": "agents.q_learning",
    "QLearningSettings": "agents.q_learning",
    "Rainbow": "agents.dqn",
    "RainbowSettings": "agents.dqn",
    "Random": "agents.baselines",
    "RecurrentDQN": "agents.recurrent_dqn",
    "RecurrentDQNSettings": "agents.recurrent_dqn",
    "RecurrentPPO": "agents.on_policy",
    "RecurrentPPOSettings": "agents.on_policy",
    "DoubleQLearning": "agents.tabular",
    "DoubleQLearningSettings": "agents.tabular",
    "DynaQ": "agents.tabular",
    "DynaQSettings": "agents.tabular",
    "ExpectedSARSA": "agents.tabular",
    "ExpectedSARSASettings": "agents.tabular",
    "NStepSARSA": "agents.tabular",
    "NStepSARSASettings": "agents.tabular",
    "QLambda": "agents.tabular",
    "QLambdaSettings": "agents.tabular",
    "SARSA": "agents.tabular",
    "SARSASettings": "agents.tabular",
    "TabularAgent": "agents.tabular",
    "TabularSettings": "agents.tabular",
    "Transition": "agents.transitions",
    "Tuned": "agents.tuned_settings",
    "tuned": "agents.tuned_settings",
}

# What feeds which agent. These are names, so that an agent loads nothing but the task that trains it.
tasks.register_source("episodes", "agents.episodes.episodes:Episodes", (".npz",))
tasks.register("agents.base:Agent", "agents.training.choose:make_task")
tasks.register("agents.base:Agent", "agents.training.refusal:refuse_episodes", source="episodes")
tasks.register("agents.offline.agent:OfflineAgent", "agents.offline.task:OfflineTask")
tasks.register(
    "agents.decision_transformer.online.agent:OnlineDecisionTransformer",
    "agents.decision_transformer.online.task:OnlineTask",
)

__all__ = [
    "A2C",
    "AWAC",
    "CQL",
    "DDPG",
    "DQN",
    "IQL",
    "PPO",
    "REINFORCE",
    "SAC",
    "SARSA",
    "TD3",
    "TD3BC",
    "A2CSettings",
    "AWACSettings",
    "Agent",
    "Batch",
    "BehaviorCloning",
    "BehaviorCloningSettings",
    "CQLSettings",
    "DDPGSettings",
    "DQNSettings",
    "DecisionTransformer",
    "DecisionTransformerSettings",
    "DoubleQLearning",
    "DoubleQLearningSettings",
    "DynaQ",
    "DynaQSettings",
    "Episodes",
    "ExpectedSARSA",
    "ExpectedSARSASettings",
    "FunctionalAgent",
    "IQLSettings",
    "NStepSARSA",
    "NStepSARSASettings",
    "OffPolicyAgent",
    "OffPolicySettings",
    "OfflineActorCritic",
    "OfflineActorCriticSettings",
    "OfflineAgent",
    "OnPolicyAgent",
    "OnlineDecisionTransformer",
    "OnlineDecisionTransformerSettings",
    "PPOSettings",
    "PercentBC",
    "PercentBCSettings",
    "PolicyDistillation",
    "PolicyDistillationSettings",
    "QLambda",
    "QLambdaSettings",
    "QLearning",
    "QLearningSettings",
    "REINFORCESettings",
    "Rainbow",
    "RainbowSettings",
    "Random",
    "RecurrentDQN",
    "RecurrentDQNSettings",
    "RecurrentPPO",
    "RecurrentPPOSettings",
    "SACSettings",
    "SARSASettings",
    "TD3BCSettings",
    "TD3Settings",
    "TabularAgent",
    "TabularSettings",
    "Transition",
    "Tuned",
    "tuned",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(load(_HOMES[name]), name)
    raise AttributeError(f"module 'agents' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
