"""DQN that remembers its episode."""

from agents.recurrent_dqn.agent import RecurrentDQN
from agents.recurrent_dqn.settings import RecurrentDQNSettings

__all__ = ["RecurrentDQN", "RecurrentDQNSettings"]
