"""An agent of your own in 30 lines: Expected Sarsa in a grid world.

Run it with `python examples/custom_agent.py [STEPS] [RUN_DIR]`.
"""

from __future__ import annotations

import dataclasses
import sys

import numpy as np

from agents import Agent
from lab import Experiment, Settings, setting


@dataclasses.dataclass(frozen=True)
class OwnExpectedSarsaSettings(Settings):
    """Settings of `OwnExpectedSarsa`; `--set` and the report know them too."""

    discount: float = setting(0.99, "discount factor", at_least=0, at_most=1)
    learning_rate: float = setting(0.5, "step size", above=0, at_most=1)
    epsilon: float = setting(0.1, "probability of a uniform action in training", at_least=0, at_most=1)


class OwnExpectedSarsa(Agent):
    """Learns the values of its own policy (van Seijen et al. 2009, "Expected Sarsa", algorithm 1)."""

    Settings = OwnExpectedSarsaSettings
    default_steps = 20_000

    def build(self):
        self.q_table = np.zeros((self.observation_space.n, self.action_space.n))
        self.rng = self.seeds.generator("exploration")
        self.td_error = 0.0

    def act_batch(self, observations, explore=False):
        rng = self.rng if explore else self.evaluation_rng
        values = self.q_table[observations]
        # Ties are broken at random, and an exploring row is one in which all actions tie.
        exploring = rng.random((len(values), 1)) < (self.config.epsilon if explore else 0.0)
        best = (values == values.max(axis=1, keepdims=True)) | exploring
        return np.where(best, rng.random(values.shape), -1.0).argmax(axis=1)

    def observe(self, transition):
        t, c = transition, self.config
        following = self.q_table[t.next_observation]
        value = (1 - c.epsilon) * following.max(axis=1) + c.epsilon * following.mean(axis=1)
        # Only a terminated episode ends the return; a truncated one would have gone on.
        error = t.reward + c.discount * ~t.terminated * value - self.q_table[t.observation, t.action]
        np.add.at(self.q_table, (t.observation, t.action), c.learning_rate * error)
        self.td_error = float(np.abs(error).mean())

    def update(self):
        return {"td_error": self.td_error}

    def action_values(self, observations):
        return self.q_table[observations]


if __name__ == "__main__":
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else None
    run_dir = sys.argv[2] if len(sys.argv) > 2 else "runs/expected_sarsa"
    experiment = Experiment(OwnExpectedSarsa(), "lab/GridWorld-v0", seed=1, run_dir=run_dir)
    experiment.train(steps)
    print(experiment.evaluate())
    # The second file is called as one of the things to show: the values and the greedy policy over the map.
    print(experiment.render("episode.mp4"))
    print(experiment.render("policy.png"))
