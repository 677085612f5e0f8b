"""Settings of tabular agents: what all share, and what each adds."""

from __future__ import annotations

import dataclasses

from agents.tabular.parts.exploring import EPSILON_GREEDY, SOFTMAX, WAYS
from lab.config import Settings, setting
from lab.errors import bad_value


@dataclasses.dataclass(frozen=True)
class TabularSettings(Settings):
    """Settings of every tabular agent; all intervals are environment steps, summed over environments."""

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
    epsilon_start: float = setting(1.0, "probability of a uniform action at step 0", at_least=0, at_most=1)
    epsilon_end: float = setting(0.2, "probability of a uniform action after epsilon_steps", at_least=0, at_most=1)
    epsilon_steps: int | None = setting(
        None, "environment steps over which epsilon falls; none for the first half of the run", at_least=1,
        of_run=lambda c: 0.5 if c.exploration == EPSILON_GREEDY else None,
    )  # fmt: skip
    epsilon_evaluation: float = setting(0.0, "probability of a uniform action when evaluated", at_least=0, at_most=1)
    initial_value: float = setting(0.0, "value of every state-action pair at first; high values explore")
    exploration: str = setting(EPSILON_GREEDY, "how actions are tried in training", choices=WAYS)
    temperature_start: float = setting(1.0, "of softmax at step 0, in units of return", above=0)
    temperature_end: float = setting(0.02, "of softmax after temperature_steps, in units of return", above=0)
    temperature_steps: int | None = setting(
        None, "environment steps over which the temperature falls; none for the first half of the run", at_least=1,
        of_run=lambda c: 0.5 if c.exploration == SOFTMAX else None,
    )  # fmt: skip
    ucb_scale: float = setting(1.4, "c in Q + c sqrt(ln N / N(a)) of ucb, in units of return", at_least=0)
    bins: tuple[int, ...] = setting((), "of Box observations: bins an axis, or one number for all", at_least=1)
    bins_low: tuple[float, ...] = setting((), "lower ends of those; empty or -inf: the space's own", infinite=True)
    bins_high: tuple[float, ...] = setting((), "upper ends of those; empty or inf: the space's own", infinite=True)


@dataclasses.dataclass(frozen=True)
class ReplayedSettings(TabularSettings):
    """Settings of rules that learn from single transitions, and may do so again from past ones."""

    replay_updates: int = setting(0, "further updates a step from past transitions; 0 for none", at_least=0)
    replay_capacity: int = setting(100_000, "past transitions kept", at_least=1)


@dataclasses.dataclass(frozen=True)
class DoubleQLearningSettings(ReplayedSettings):
    """Settings of `DoubleQLearning`."""


@dataclasses.dataclass(frozen=True)
class ExpectedSARSASettings(ReplayedSettings):
    """Settings of `ExpectedSARSA`."""

    epsilon_start: float = setting(0.1, "probability of a uniform action at step 0", at_least=0, at_most=1)
    epsilon_end: float = setting(0.1, "probability of a uniform action after epsilon_steps", at_least=0, at_most=1)


@dataclasses.dataclass(frozen=True)
class SARSASettings(TabularSettings):
    """Settings of `SARSA`; a policy that explores much is worth little, so it explores little from the start."""

    epsilon_start: float = setting(0.1, "probability of a uniform action at step 0", at_least=0, at_most=1)
    epsilon_end: float = setting(0.1, "probability of a uniform action after epsilon_steps", at_least=0, at_most=1)


SARSA_BACKUP, EXPECTED_BACKUP, TREE_BACKUP = "sarsa", "expected", "tree"
BEHAVIOUR, GREEDY = "behaviour", "greedy"


@dataclasses.dataclass(frozen=True)
class NStepSARSASettings(SARSASettings):
    """Settings of `NStepSARSA`."""

    learning_rate: float = setting(
        0.5, "step size at step 0, before the visits' exponent", above=0, at_most=1, search="0.01:1:log"
    )
    n_steps: int = setting(4, "steps of reward before what follows is valued", at_least=1, at_most=1000)
    backup: str = setting(
        SARSA_BACKUP, "what values the n-th state: the action taken, the expected value, or a tree of all actions",
        choices=(SARSA_BACKUP, EXPECTED_BACKUP, TREE_BACKUP),
    )  # fmt: skip
    target_policy: str = setting(
        BEHAVIOUR, "of expected and tree: the policy that explores, or the greedy one", choices=(BEHAVIOUR, GREEDY)
    )


@dataclasses.dataclass(frozen=True)
class QLambdaSettings(TabularSettings):
    """Settings of `QLambda`."""

    learning_rate: float = setting(
        0.5, "step size at step 0, before the visits' exponent", above=0, at_most=1, search="0.01:1:log"
    )
    trace_decay: float = setting(0.8, "lambda", at_least=0, at_most=1, search="0.5:1")
    traces: str = setting(
        "replacing", "whether a visit sets a trace to one or adds one", choices=("replacing", "accumulating")
    )


@dataclasses.dataclass(frozen=True)
class DynaQSettings(TabularSettings):
    """Settings of `DynaQ`."""

    planning_updates: int = setting(10, "updates from the model a step of an environment", at_least=0)
    planning_rate: float = setting(1.0, "step size of these", above=0, at_most=1)
    sweeping: str = setting(
        "prioritised", "which pairs are planned: those whose values would change most, or any",
        choices=("prioritised", "uniform"),
    )  # fmt: skip
    priority_threshold: float = setting(
        1e-4, "least change of a value that puts a pair into the queue, in units of return", at_least=0
    )

    def check(self) -> None:
        if self.sweeping == "prioritised" and not self.planning_updates:
            expected = "1 or more, since prioritised sweeping learns by planning alone"
            raise bad_value("DynaQ", "planning_updates", self.planning_updates, expected, "or sweeping='uniform'.")
