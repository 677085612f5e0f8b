"""What is said, and kept, where the training of an on-policy agent goes wrong."""

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box

from agents import PPO, REINFORCE
from lab import Experiment
from lab.errors import TrainingDiverged

SMALL = {"hidden_sizes": (4,), "rollout_steps": 16, "minibatch_size": 8, "epochs": 1}


class Overflowing(gymnasium.Env):
    """Pays what float32 just holds from a step of its life on, so that sums of two are infinite."""

    observation_space, action_space = Box(-1.0, 1.0, (2,)), Box(-1.0, 1.0, (1,))
    steps = 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.zeros(2, np.float32), {}

    def step(self, action):
        self.steps += 1
        return np.zeros(2, np.float32), 3e38 if self.steps > 40 else 0.0, False, self.steps % 10 == 0, {}


@pytest.mark.thorough
def test_advantages_that_are_not_finite_end_training_with_the_last_good_checkpoint_kept(tmp_path):
    run = tmp_path / "run"
    experiment = Experiment(PPO(**SMALL), Overflowing, run_dir=run, checkpoint_every=16, progress=False)
    with pytest.raises(TrainingDiverged, match=r"became (nan|inf) at step 48\..*checkpoint is .*step-000000000032"):
        experiment.train(96)
    kept = PPO.load(run, which="last")
    assert kept.steps == 32
    assert all(np.isfinite(v.numpy()).all() for v in kept.actor.variables)
    assert all(row["step"] <= 32 for row in Experiment.resume(run, source=Overflowing).history.rows)


@pytest.mark.thorough
def test_a_deviation_that_explodes_is_warned_of_once_with_step_and_fix():
    agent = PPO(**SMALL, deviation_start=7.0)
    experiment = Experiment(agent, Overflowing, log_every=8, progress=False)
    with pytest.warns(UserWarning) as heard:
        experiment.train(32)
    said = [str(warning.message) for warning in heard if "deviation" in str(warning.message)]
    assert len(said) == 1 and said[0].startswith("PPO, step 16: the standard deviation of its actions is 7 of half")
    assert "exploded" in said[0] and "Fix: a smaller entropy_weight" in said[0]


def test_rollouts_in_which_no_episode_ends_are_named():
    assert REINFORCE(rollout_steps=50).complaint({"finished": 0.25}) == ""
    said = REINFORCE(rollout_steps=50).complaint({"finished": 0.0})
    assert "no episode ended within a rollout of 50 steps" in said and "Fix: rollout_steps" in said
