"""Exact plans of environments whose model is known: the references that learners are held against."""

from agents.tabular.planning.iteration import Plan, evaluate_policy, policy_iteration, value_iteration
from agents.tabular.planning.model import Model

__all__ = ["Model", "Plan", "evaluate_policy", "policy_iteration", "value_iteration"]
