"""Dynamics of your own as TensorFlow functions: training compiles into one program, many times as fast.

Run it with `python examples/environments/custom_tensor_environment.py [STEPS] [RUN_DIR]`; STEPS is how many before
and after the resume.
"""

from __future__ import annotations

import sys
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from gymnasium.spaces import Box, Discrete

from agents import DQN
from envs import random
from envs.tensor import TensorEnv, TensorStep
from lab import Experiment


class Flight(NamedTuple):
    height: tf.Tensor  # float32 (n,), 1 at the top
    speed: tf.Tensor  # float32 (n,), upwards
    burning: tf.Tensor  # int32 (n,), for the picture


class SoftLanding(TensorEnv):
    """Falls, and may burn its engine; pays 1 for touching the ground gently and -1 for a crash, less 0.02 a burn."""

    observation_space = Box(-2.0, 2.0, (2,), np.float32)
    action_space = Discrete(2)
    max_episode_steps = 80

    def reset(self, key):
        # All functions work on n environments at once, and all that is random comes from the keys.
        drawn = random.uniform(key, (2,))
        state = Flight(0.5 + 0.5 * drawn[:, 0], -0.02 * drawn[:, 1], tf.zeros(key.shape[0], tf.int32))
        return state, self.observe(state)

    def step(self, state, action, key):
        speed = state.speed - 0.004 + 0.007 * tf.cast(action, tf.float32)
        state = Flight(tf.clip_by_value(state.height + speed, 0.0, 1.0), tf.clip_by_value(speed, -0.2, 0.2), action)
        landed = state.height <= 0.0
        outcome = tf.where(speed > -0.04, 1.0, -1.0)
        reward = tf.where(landed, outcome, -0.02 * tf.cast(action, tf.float32))
        return TensorStep(state, self.observe(state), reward, landed, tf.zeros_like(landed))

    def observe(self, state):
        return tf.stack([2.0 * state.height - 1.0, 10.0 * state.speed], axis=-1)

    def draw(self, state):
        frame = np.full((240, 120, 3), (16, 18, 40), np.uint8)
        frame[220:] = (120, 120, 130)
        top = int(190 * (1.0 - state.height))
        frame[top : top + 30, 50:70] = (230, 230, 240)
        if state.burning:
            frame[top + 30 : top + 44, 55:65] = (255, 160, 40)
        return frame


if __name__ == "__main__":
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    run_dir = sys.argv[2] if len(sys.argv) > 2 else "runs/soft_landing"
    agent = DQN(hidden_sizes=(64, 64), learning_starts=500, epsilon_steps=5_000)
    experiment = Experiment(agent, SoftLanding(), seed=1, run_dir=run_dir)
    experiment.train(steps)
    print(experiment.evaluate())
    # A file cannot hold your class, so a run on an instance is given a fresh one to go on with.
    experiment = Experiment.resume(run_dir, source=SoftLanding())
    experiment.train(steps)
    print(experiment.evaluate())
    print(experiment.render("episode.mp4"))
