"""Settings of tabular Q-learning."""

from __future__ import annotations

import dataclasses

from lab.config import Settings, setting


@dataclasses.dataclass(frozen=True)
class QLearningSettings(Settings):
    """Settings of `QLearning`; all intervals are environment steps, summed over environments."""

    discount: float = setting(0.99, "discount factor", at_least=0, at_most=1, search="0.9:0.999")
    learning_rate: float = setting(
        1.0, "step size at step 0, before the visits' exponent", above=0, at_most=1, search="0.01:1:log"
    )
    learning_rate_end: float = setting(0.01, "step size after learning_rate_steps", above=0, at_most=1)
    learning_rate_steps: int | None = setting(
        None, "environment steps over which the step size falls; none for the first 0.75 of the run", at_least=1,
        of_run=0.75,
    )  # fmt: skip
    visit_exponent: float = setting(0.0, "w in step size / visits(s, a)^w; 0 for none", at_least=0, at_most=1)
    replay_updates: int = setting(4, "further updates a step from past transitions; 0 for none", at_least=0)
    replay_capacity: int = setting(100_000, "past transitions kept", at_least=1)
    epsilon_start: float = setting(1.0, "probability of a uniform action at step 0", at_least=0, at_most=1)
    epsilon_end: float = setting(0.2, "probability of a uniform action after epsilon_steps", at_least=0, at_most=1)
    epsilon_steps: int | None = setting(
        None, "environment steps over which epsilon falls; none for the first half of the run", at_least=1, of_run=0.5
    )
    epsilon_evaluation: float = setting(0.0, "probability of a uniform action when evaluated", at_least=0, at_most=1)
    action_masks: bool = setting(
        True, "whether actions that info['action_mask'] forbids are left out, in acting and in targets"
    )
    initial_value: float = setting(0.0, "value of every state-action pair at first; high values explore")
