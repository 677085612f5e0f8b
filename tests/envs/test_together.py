"""Environments that share a compiled call step as each would alone."""

import gymnasium
import numpy as np
import pytest
import tensorflow as tf
from gymnasium.spaces import Box, Discrete

from envs import random
from envs.adapters import TensorEnvAdapter
from envs.tensor import TensorEnv, TensorStep


class Drift(TensorEnv):
    """Moves by its action and by chance, ends beyond 2, and forbids staying where it is beyond 1."""

    def __init__(self):
        self.observation_space, self.action_space = Box(-99, 99, (1,), np.float32), Discrete(2)

    def reset(self, key):
        state = random.uniform(key)
        return (state, tf.zeros_like(state)), state[:, None]

    def step(self, state, action, key):
        place = state[0] + tf.cast(action, tf.float32) + random.uniform(key, (), -0.5, 0.5)
        return TensorStep((place, state[1] + 1.0), place[:, None], state[1], place > 2.0, tf.zeros_like(place, tf.bool))

    def action_mask(self, state):
        return tf.stack([state[0] < 1.0, tf.ones_like(state[0], tf.bool)], axis=1)


class Other(gymnasium.ActionWrapper):
    """Takes the other one of two actions."""

    def action(self, action):
        return 1 - action


DRIFT = Drift()


def played(wrap, shared):
    envs = [wrap(TensorEnvAdapter(DRIFT)) for _ in range(3)]
    found = [env.reset(seed=seed) for seed, env in enumerate(envs)]
    together = envs[0].unwrapped.together(envs) if shared else None
    rows = [0, 1, 2]
    for step in range(9):
        actions = np.array([step % 2, 1, (step + 1) % 2])
        if together is not None:
            together.prepare(actions, rows)
            assert wrap is Other or all(envs[i].unwrapped.ahead is not None for i in rows)
        for i in list(rows):
            found.append(envs[i].step(actions[i]))
            if found[-1][2] and i == 1:
                rows.remove(i)
            elif found[-1][2]:
                found.append(envs[i].reset(seed=10 * step + i))
    return found


@pytest.mark.parametrize("wrap", [gymnasium.Wrapper, Other])
def test_they_step_as_each_would_alone(wrap):
    alone, shared = played(wrap, False), played(wrap, True)
    assert any(step[2] for step in alone if len(step) == 5)
    assert len(alone) == len(shared)
    for first, second in zip(alone, shared, strict=True):
        assert first[0].tolist() == second[0].tolist() and first[1:-1] == second[1:-1]
        assert first[-1]["action_mask"].tolist() == second[-1]["action_mask"].tolist()


def test_environments_of_two_definitions_share_nothing():
    envs = [TensorEnvAdapter(DRIFT), TensorEnvAdapter(Drift())]
    assert envs[0].together(envs) is None
