"""Settings of the Online Decision Transformer."""

from __future__ import annotations

import dataclasses

from agents.decision_transformer.settings import DecisionTransformerSettings
from lab.config import setting


@dataclasses.dataclass(frozen=True)
class OnlineDecisionTransformerSettings(DecisionTransformerSettings):
    """Settings of `OnlineDecisionTransformer`."""

    offline_updates: int | None = setting(
        None, "updates on the recording before the first episodes are played; none for the first third of the run",
        at_least=0, of_run=1 / 3,
    )  # fmt: skip
    updates_per_round: int = setting(100, "updates after each round of episodes", at_least=1)
    episodes_per_round: int = setting(10, "episodes played at the beginning of each round", at_least=1)
    buffer_episodes: int = setting(
        500, "episodes learnt from: first the recording's best, then those played take the oldest ones' place",
        at_least=1,
    )  # fmt: skip
    # Weights of rounds ago, which averages hold, have not learnt of the latest episodes played.
    average_decay: float = setting(
        0.0,
        "share of the old that the averaged weights, by which it plays, keep each update; 0: go by the latest",
        at_least=0,
        below=1,
    )
    exploration_return: float | None = setting(
        None, "return asked for in episodes played to learn from; None for the best seen so far"
    )
    least_entropy: float = setting(
        0.1, "least mean entropy of what is predicted (Discrete), as a share of that of uniform play; 0 for no bound",
        at_least=0, below=1,
    )  # fmt: skip
    entropy_rate: float = setting(1e-3, "step size of the entropy's weight in the loss, an update", at_least=0)
    exploration_noise: float = setting(
        0.3, "standard deviation of the noise on explored actions (Box), in units of half the range", at_least=0
    )
