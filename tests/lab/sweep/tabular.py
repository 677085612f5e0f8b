"""A learner that is small enough to sweep in a blink: Q-learning in a table, on NumPy."""

from __future__ import annotations

import dataclasses
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Discrete

from agents import Agent
from lab import Settings, Sweep, setting
from lab.errors import bad_value


@dataclasses.dataclass(frozen=True)
class TabularSettings(Settings):
    """Settings of `Tabular`."""

    step_size: float = setting(0.5, "of an update", above=0, at_most=1, search="0.05:1:log")
    discount: float = setting(0.9, "discount factor", at_least=0, at_most=1)
    epsilon: float = setting(0.2, "probability of a uniform action", at_least=0, at_most=1)
    repeats: int = setting(1, "updates of a transition", at_least=1)
    optimistic: bool = setting(False, "whether values begin at 1")
    sizes: tuple[int, ...] = setting((1,), "nothing reads it", at_least=1)

    def check(self) -> None:
        """Refuse what does not go together."""
        if self.optimistic and self.repeats > 1:
            raise bad_value("Tabular", "repeats", self.repeats, "at most 1 with optimistic")


class Walk(gymnasium.Env):  # type: ignore[type-arg]
    """A walk to the right end of a line, with slips and noisy rewards."""

    observation_space = Discrete(6)
    action_space = Discrete(2)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.place = 0
        return self.place, {}

    def step(self, action: Any) -> Any:
        slipped = self.np_random.random() < 0.1
        self.place = min(max(self.place + (1 if (action == 1) != slipped else -1), 0), 5)
        reward = float(self.place == 5) - 0.05 + 0.02 * self.np_random.standard_normal()
        return self.place, reward, self.place == 5, False, {}


WALK = "tests/Walk-v0"
if WALK not in gymnasium.registry:
    gymnasium.register(WALK, Walk, max_episode_steps=25)


class Tabular(Agent):
    """Learns a table of action values."""

    Settings = TabularSettings
    default_steps = 400

    def check_spaces(self) -> None:
        if not isinstance(self.observation_space, Discrete):
            raise bad_value("Tabular", "observation space", self.observation_space, "Discrete")

    def build(self) -> None:
        shape = (self.observation_space.n, self.action_space.n)  # type: ignore[attr-defined]
        self.table = np.full(shape, 1.0 if self.config.optimistic else 0.0)
        self.rng = self.seeds.generator("exploration")

    def act_batch(self, observations: Any, explore: bool = False) -> Any:
        best = self.table[observations].argmax(axis=1)
        random = self.rng.integers(self.action_space.n, size=len(best)) if explore else best  # type: ignore[attr-defined]
        return np.where(explore and self.rng.random(len(best)) < self.config.epsilon, random, best)

    def observe(self, t: Any) -> None:
        for _ in range(self.config.repeats):
            following = self.table[t.next_observation].max(axis=1) * ~t.terminated
            error = t.reward + self.config.discount * following - self.table[t.observation, t.action]
            np.add.at(self.table, (t.observation, t.action), self.config.step_size * error)


SEARCH: dict[str, Any] = {"step_size": None, "repeats": "1:4", "optimistic": None}
KEYWORDS: dict[str, Any] = {
    "trials": 8, "steps": 240, "seeds": 2, "seed": 5, "together": 3, "evaluate_every": 60, "checkpoint_every": 90,
    "pruner": "halving", "sampler": "random",
}  # fmt: skip


def sweep(directory: Any, **changes: Any) -> Sweep:
    """Return a small sweep."""
    search = changes.pop("search", SEARCH)
    return Sweep(Tabular(), WALK, search, run_dir=directory, **{**KEYWORDS, **changes})
