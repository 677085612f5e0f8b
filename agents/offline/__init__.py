"""Learning from recorded episodes, without acting."""

from agents.offline.agent import OfflineAgent
from agents.offline.sampling import ActionBatch, Actions, Transitions

__all__ = ["ActionBatch", "Actions", "OfflineAgent", "Transitions"]
