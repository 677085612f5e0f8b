"""Expected SARSA (van Seijen et al. 2009)."""

from __future__ import annotations

from typing import Any, ClassVar

from agents.tabular.one_step import OneStep
from agents.tabular.parts.arithmetic import expected
from agents.tabular.parts.exploring import Exploration, probabilities
from agents.tabular.settings import ExpectedSARSASettings
from lab.config import Settings


class ExpectedSARSA(OneStep):
    """Learns what the policy that explores is worth: v(s') = sum_a pi(a | s') Q(s', a).

    van Seijen, van Hasselt, Whiteson and Wiering 2009; Sutton and Barto 2018, equation 6.9. pi is the policy of the
    present step, also for past transitions that are replayed.
    """

    Settings: ClassVar[type[Settings]] = ExpectedSARSASettings

    def following(self, exploring: Exploration, values: Any, tried: Any) -> Any:
        return expected(probabilities(exploring, values, tried), values)
