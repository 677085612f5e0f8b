"""Agents whose rule is pure functions of explicit state, written once for both lanes.

May import lab, base, episodes, parts, replay, spaces and transitions.
"""

from agents.base import of_steps
from agents.functional.agent import FunctionalAgent
from agents.functional.state import AgentState, Choice, Learnt

__all__ = ["AgentState", "Choice", "FunctionalAgent", "Learnt", "of_steps"]
