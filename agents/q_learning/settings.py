"""Settings of tabular Q-learning."""

from __future__ import annotations

import dataclasses

from agents.tabular.settings import ReplayedSettings
from lab.config import setting


@dataclasses.dataclass(frozen=True)
class QLearningSettings(ReplayedSettings):
    """Settings of `QLearning`; all intervals are environment steps, summed over environments."""

    replay_updates: int = setting(4, "further updates a step from past transitions; 0 for none", at_least=0)
    action_masks: bool = setting(
        True, "whether actions that info['action_mask'] forbids are left out, in acting and in targets"
    )
