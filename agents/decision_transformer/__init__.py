"""Decision Transformer: acting as a model of return-conditioned sequences."""

from agents.decision_transformer.agent import DecisionTransformer
from agents.decision_transformer.settings import DecisionTransformerSettings

__all__ = ["DecisionTransformer", "DecisionTransformerSettings"]
