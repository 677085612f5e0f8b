"""Masks stand behind observations, and an agent that reads them takes no forbidden action."""

import gymnasium
import numpy as np
import pytest

from envs import ActionMask


def test_taxi_is_observed_with_its_mask():
    env = ActionMask(gymnasium.make("Taxi-v4"))
    observation, info = env.reset(seed=1)
    assert observation.shape == (506,) and env.observation_space.contains(observation)
    assert observation[:500].sum() == 1.0
    assert observation[500:].tolist() == info["action_mask"].tolist()
    for _ in range(20):
        observation, _, _, _, info = env.step(int(np.argmax(observation[500:])))
        assert observation[500:].tolist() == info["action_mask"].tolist()


class Bare(gymnasium.Env):
    observation_space, action_space = gymnasium.spaces.Discrete(3), gymnasium.spaces.Discrete(2)
    info: dict = {}  # noqa: RUF012

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return 0, self.info

    def step(self, action):
        return 1, 0.0, True, False, {"action_mask": np.zeros(2)}


@pytest.mark.parametrize(
    ("info", "says"),
    [
        ({}, "expected 'action_mask' in it"),
        ({"action_mask": [1, 0, 1]}, "expected 2 numbers 0 or 1"),
        ({"action_mask": [0.5, 1]}, "expected 2 numbers 0 or 1"),
        ({"action_mask": [0, 0]}, "allows no action"),
    ],
)
def test_a_mask_that_is_none_is_refused(info, says):
    env = Bare()
    env.info = info
    with pytest.raises(ValueError, match=says):
        ActionMask(env).reset()


def test_at_an_end_nothing_need_be_allowed():
    env = Bare()
    env.info = {"action_mask": np.ones(2)}
    env = ActionMask(env)
    env.reset()
    assert env.step(0)[0].tolist() == [0.0, 1.0, 0.0, 1.0, 1.0]


def test_other_actions_are_refused():
    with pytest.raises(ValueError, match="expected Discrete"):
        ActionMask(gymnasium.make("Pendulum-v1"))
