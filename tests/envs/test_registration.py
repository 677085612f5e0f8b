"""Tests of the registration with Gymnasium."""

from __future__ import annotations

import subprocess
import sys
import warnings

import gymnasium
import pytest

import envs
from envs.gridworld.environment import GridWorld


def test_make_builds_a_gridworld_with_keywords_and_a_time_limit():
    env = gymnasium.make("lab/GridWorld-v0", map="cliff", slip=0.0)
    assert isinstance(env.unwrapped, GridWorld)
    assert env.unwrapped.grid.shape == (4, 12)
    assert env.spec.max_episode_steps == 100
    env.reset(seed=0)
    left = 3  # of the start lies the border
    ends = [env.step(left)[2:4] for _ in range(100)]
    assert ends == [(False, False)] * 99 + [(False, True)]


def test_registering_twice_neither_warns_nor_changes_the_spec():
    spec = gymnasium.registry["lab/GridWorld-v0"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        envs.register()
        envs.register()
    assert gymnasium.registry["lab/GridWorld-v0"] is spec


@pytest.mark.parametrize("module", ["pygame", "tensorflow", "keras"])
def test_importing_envs_is_light(module):
    code = f"import sys, envs; sys.exit({module!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
