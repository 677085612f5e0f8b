"""Checks that an agent, a generator, a predictor or an environment of your own does what every other one here does.

Each of `check_agent`, `check_generator`, `check_predictor` and `check_environment` runs a list of named checks and
raises `CheckFailed` at the first that fails, with what was received, what was expected and how to mend it. The project
holds its own learners and environments to the same checks.

    from lab.testing import check_agent

    def test_my_agent():
        check_agent(MyAgent(hidden_sizes=(8,)), "CartPole-v1")
"""

from __future__ import annotations

from lab.testing.agents import check_agent
from lab.testing.comparing import check_same_state, differences
from lab.testing.environments import check_environment
from lab.testing.failures import CheckFailed
from lab.testing.generators import check_generator
from lab.testing.predictors import check_predictor

__all__ = [
    "CheckFailed",
    "check_agent",
    "check_environment",
    "check_generator",
    "check_predictor",
    "check_same_state",
    "differences",
]
