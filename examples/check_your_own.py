"""Hold an agent and an environment of your own to the checks that the project's own are held to.

Run it with `python examples/check_your_own.py`; in a test suite each call is a test.
"""

from __future__ import annotations

import gymnasium
import numpy as np

from agents import Agent
from lab.testing import CheckFailed, check_agent, check_environment


class Corridor(gymnasium.Env):
    """Walk five cells to the right; a step may slip back."""

    observation_space = gymnasium.spaces.Discrete(6)
    action_space = gymnasium.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.cell = 0
        return self.cell, {}

    def step(self, action):
        forward = action == 1 and self.np_random.random() < 0.9
        self.cell = min(5, self.cell + 1) if forward else max(0, self.cell - 1)
        return self.cell, float(self.cell == 5), self.cell == 5, False, {}


class Follower(Agent):
    """Does what has paid most on average, whatever it sees."""

    def build(self):
        self.totals, self.counts = np.zeros(self.action_space.n), np.ones(self.action_space.n)
        self.rng = self.seeds.generator("exploration")

    def act_batch(self, observations, explore=False):
        rng = self.rng if explore else self.evaluation_rng
        values = self.totals / self.counts + rng.uniform(0, 1 if explore else 1e-9, (len(observations), 2))
        return values.argmax(axis=1)

    def observe(self, transition):
        np.add.at(self.totals, transition.action, transition.reward)
        np.add.at(self.counts, transition.action, 1)

    def update(self):
        return {"value": float((self.totals / self.counts).max())}


class Forgetful(Follower):
    """Draws from NumPy's global generator, which no checkpoint holds."""

    def act_batch(self, observations, explore=False):
        return np.random.randint(2, size=len(observations))


def make_corridor():
    return gymnasium.wrappers.TimeLimit(Corridor(), 30)


def main(steps=121):
    print("environment:", *check_environment(make_corridor, steps=steps), sep="\n  ")
    print("agent:", *check_agent(Follower, make_corridor, steps=steps), sep="\n  ")
    try:
        check_agent(Forgetful, make_corridor, steps=steps)
    except CheckFailed as failure:
        print(failure)


if __name__ == "__main__":
    main()
