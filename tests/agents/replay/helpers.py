"""Transitions whose numbers say where and when they were, and replays of them in both lanes."""

import numpy as np
import tensorflow as tf
from gymnasium.spaces import Box, Discrete

from agents.replay.layout import Layout
from agents.transitions import Transition
from lab.seeding import Seeds

SPACE = Box(-np.inf, np.inf, (2,), np.float32)


ACTIONS = Discrete(1000)


class Owner:
    """What a replay asks of its agent; `learn` keeps nothing but what it was given."""

    extras: dict = {}  # noqa: RUF012
    metric_names = ("mean",)
    run_length = 100
    fixed_rate = -1.0

    def __init__(self, num_envs, observation_space=SPACE, action_space=ACTIONS, extras=None, discount=1.0):
        self.num_envs, self.observation_space, self.action_space = num_envs, observation_space, action_space
        self.extras = extras or {}
        self.seeds, self.discount, self.steps = Seeds(0), discount, 0

    def layout(self):
        return Layout(self.observation_space, self.action_space, self.extras)


def step(time, envs, terminated=False, truncated=False):
    """Row of environment e at a time: observes (time, e), then (time + 1, e); reward 10 time + e."""
    columns = np.arange(envs)
    observation = np.stack([np.full(envs, time), columns], axis=1).astype(np.float32)
    ends = [np.broadcast_to(np.asarray(x, bool), (envs,)).copy() for x in (terminated, truncated)]
    return Transition(observation, columns + 10 * time, 10.0 * time + columns, *ends, observation + np.float32([1, 0]))


def as_tensors(t):
    return Transition(
        tf.constant(t.observation),
        tf.constant(t.action, tf.int32 if t.action.dtype.kind == "i" else None),
        tf.constant(t.reward, tf.float32),
        *(tf.constant(x) for x in (t.terminated, t.truncated)),
        tf.constant(t.next_observation),
        {name: tf.constant(x) for name, x in t.extras.items()},
    )
