"""Tabular Q-learning."""

from agents.q_learning.agent import QLearning, QLearningSettings

__all__ = ["QLearning", "QLearningSettings"]
