"""Rainbow: the sum of what DQN can do."""

from __future__ import annotations

from typing import ClassVar

from agents.dqn.agent import DQN
from agents.dqn.settings import DQNSettings
from lab.config import Settings, with_defaults

RainbowSettings = with_defaults(
    DQNSettings,
    "RainbowSettings",
    dueling=True,
    n_steps=3,
    prioritised=True,
    priority_alpha=0.5,
    distribution="categorical",
    noisy=True,
)
RainbowSettings.__doc__ = "Settings of `Rainbow`: those of `DQN` with its switches on."


class Rainbow(DQN):
    """Learns with all of them: double, dueling, n-step, prioritised, distributional and noisy.

    Source: Hessel et al. 2018, "Rainbow: Combining Improvements in Deep Reinforcement Learning", section 4. Each is a
    setting, so each can be left out as in its figure 3.
    """

    Settings: ClassVar[type[Settings]] = RainbowSettings
