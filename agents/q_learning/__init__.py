"""Tabular Q-learning."""

from agents.q_learning.agent import QLearning
from agents.q_learning.settings import QLearningSettings

__all__ = ["QLearning", "QLearningSettings"]
