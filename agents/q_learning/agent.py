"""Tabular Q-learning (Watkins and Dayan 1992)."""

from __future__ import annotations

from typing import Any, ClassVar

from agents.q_learning.settings import QLearningSettings
from agents.tabular.one_step import OneStep
from agents.tabular.parts.arithmetic import highest
from agents.tabular.parts.exploring import Exploration
from lab.config import Settings


class QLearning(OneStep):
    """Learns what the best action is worth, whatever action is taken: v(s') = max_a Q(s', a).

    Watkins and Dayan 1992; Sutton and Barto 2018, equation 6.8. Past transitions are replayed; `replay_updates=0` is
    the plain algorithm.
    """

    Settings: ClassVar[type[Settings]] = QLearningSettings

    def following(self, exploring: Exploration, values: Any, tried: Any) -> Any:
        return highest(values)
