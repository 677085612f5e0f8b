"""Agents with a table of action values, and exact plans to hold them against.

May import functional, parts, replay, structured and transitions.
"""

from agents.tabular.agent import TabularAgent
from agents.tabular.double_q_learning import DoubleQLearning
from agents.tabular.dyna_q import DynaQ
from agents.tabular.expected_sarsa import ExpectedSARSA
from agents.tabular.one_step import OneStep
from agents.tabular.planning import Model, Plan, evaluate_policy, policy_iteration, value_iteration
from agents.tabular.q_lambda import QLambda
from agents.tabular.sarsa import SARSA, NStepSARSA
from agents.tabular.settings import (
    DoubleQLearningSettings,
    DynaQSettings,
    ExpectedSARSASettings,
    NStepSARSASettings,
    QLambdaSettings,
    ReplayedSettings,
    SARSASettings,
    TabularSettings,
)

__all__ = [
    "SARSA",
    "DoubleQLearning",
    "DoubleQLearningSettings",
    "DynaQ",
    "DynaQSettings",
    "ExpectedSARSA",
    "ExpectedSARSASettings",
    "Model",
    "NStepSARSA",
    "NStepSARSASettings",
    "OneStep",
    "Plan",
    "QLambda",
    "QLambdaSettings",
    "ReplayedSettings",
    "SARSASettings",
    "TabularAgent",
    "TabularSettings",
    "evaluate_policy",
    "policy_iteration",
    "value_iteration",
]
