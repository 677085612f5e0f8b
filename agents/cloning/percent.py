"""PercentBC: imitates the best episodes of a recording."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from agents.cloning.agent import BehaviorCloning
from agents.cloning.settings import BehaviorCloningSettings
from agents.episodes import Episodes
from agents.episodes.selection import best
from agents.offline import Actions
from lab.config import Settings, setting


@dataclasses.dataclass(frozen=True)
class PercentBCSettings(BehaviorCloningSettings):
    """Settings of `PercentBC`."""

    fraction: float = setting(0.1, "which part of the episodes, the best by return, to imitate", above=0, at_most=1)


class PercentBC(BehaviorCloning):
    """Clones the best tenth of the episodes by return (%BC of Chen et al. 2021, section 5.1)."""

    Settings: ClassVar[type[Settings]] = PercentBCSettings

    def sampler(self, episodes: Episodes) -> Callable[[np.random.Generator], Any]:
        return Actions(episodes, self.batch_size, best(episodes.returns, self.config.fraction))
