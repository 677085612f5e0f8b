"""An environment of your own, passed as an instance: trained in, filmed, and gone on with later.

Run it with `python examples/environments/custom_environment.py [STEPS] [RUN_DIR]`; STEPS is how many before and
after the resume.
"""

from __future__ import annotations

import sys

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete

from agents import DQN
from lab import Experiment


class WalkToTheLight(gymnasium.Env):
    """Observes where it and the light are, in [-1, 1]; steps left or right; pays 1 in the light, else -0.02."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 10}  # noqa: RUF012 (as in Env)

    def __init__(self, render_mode=None):
        self.render_mode = render_mode
        self.observation_space = Box(-1.0, 1.0, (2,), np.float32)
        self.action_space = Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        # All that is random comes from `np_random`: that is what makes a resume exact.
        self.walker, self.light = self.np_random.uniform(-1.0, 1.0, 2)
        self.steps = 0
        return self._observation(), {}

    def step(self, action):
        self.walker = np.clip(self.walker + (0.1 if action == 1 else -0.1), -1.0, 1.0)
        self.steps += 1
        arrived = bool(abs(self.walker - self.light) < 0.1)
        return self._observation(), 1.0 if arrived else -0.02, arrived, not arrived and self.steps >= 50, {}

    def render(self):
        columns = np.linspace(-1.1, 1.1, 320)
        glow = np.exp(-(((columns - self.light) / 0.2) ** 2))
        frame = np.uint8(40 + glow[:, None] * (200, 180, 60)) * np.ones((64, 1, 1), np.uint8)
        frame[24:56, abs(columns - self.walker) < 0.04] = (230, 80, 60)
        return frame

    def _observation(self):
        return np.array([self.walker, self.light], np.float32)


if __name__ == "__main__":
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 8_000
    run_dir = sys.argv[2] if len(sys.argv) > 2 else "runs/walk_to_the_light"
    agent = DQN(hidden_sizes=(64,), learning_starts=500, epsilon_steps=2_000)
    experiment = Experiment(agent, WalkToTheLight(), seed=1, run_dir=run_dir)
    experiment.train(steps)
    print(experiment.evaluate())
    # A file cannot hold your class, so a run on an instance is given a fresh one to go on with.
    experiment = Experiment.resume(run_dir, source=WalkToTheLight())
    experiment.train(steps)
    print(experiment.evaluate())
    print(experiment.render("episode.mp4"))
