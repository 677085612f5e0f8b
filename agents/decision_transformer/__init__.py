"""The Decision Transformer: a causal transformer over returns-to-go, states and actions."""

from agents.decision_transformer.agent import DecisionTransformer
from agents.decision_transformer.online.agent import OnlineDecisionTransformer
from agents.decision_transformer.online.settings import OnlineDecisionTransformerSettings
from agents.decision_transformer.settings import DecisionTransformerSettings

__all__ = [
    "DecisionTransformer",
    "DecisionTransformerSettings",
    "OnlineDecisionTransformer",
    "OnlineDecisionTransformerSettings",
]
