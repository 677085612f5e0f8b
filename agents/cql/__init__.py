"""Conservative Q-learning."""

from agents.cql.agent import CQL
from agents.cql.settings import CQLSettings

__all__ = ["CQL", "CQLSettings"]
