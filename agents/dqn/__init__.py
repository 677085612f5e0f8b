"""Deep Q-networks and their variants."""

from agents.dqn.agent import DQN
from agents.dqn.rainbow import Rainbow, RainbowSettings
from agents.dqn.settings import DQNSettings

__all__ = ["DQN", "DQNSettings", "Rainbow", "RainbowSettings"]
