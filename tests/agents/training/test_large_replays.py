"""Runs whose replays lie in pieces are resumed to the bit, and write of a replay what is new."""

import shutil

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete
from gymnasium.wrappers import FrameStackObservation

from agents import DQN
from lab import Experiment
from lab.files.reading import pieces
from lab.runs import checkpoints
from lab.runs.opening import building

SMALL = {"hidden_sizes": (8,), "batch_size": 8, "learning_starts": 50, "update_every": 20}


class Film(gymnasium.Env):
    """Pictures of noise; episodes of some ten steps."""

    observation_space, action_space = Box(0, 255, (8, 8), np.uint8), Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return self._picture(), {}

    def step(self, action):
        return self._picture(), float(action), self.np_random.random() < 0.1, False, {}

    def _picture(self):
        return self.np_random.integers(256, size=(8, 8)).astype(np.uint8)


def film():
    return FrameStackObservation(Film(), 4)


def test_weights_in_pieces_count_for_what_a_run_may_declare(tmp_path, monkeypatch):
    monkeypatch.setattr(pieces, "LARGE", 4096)
    agent = DQN(**{**SMALL, "hidden_sizes": (128, 128)})
    run = Experiment(agent, "CartPole-v1", run_dir=tmp_path / "run", progress=False)
    run.train(60)
    monkeypatch.setattr(building, "FREE", 100)
    np.testing.assert_array_equal(DQN.load(tmp_path / "run").online.weights[2], run.learner.online.weights[2])


CASES = {
    "host": ("CartPole-v1", "host", 200),
    "compiled": ("CartPole-v1", "compiled", 200),
    "frames": (film, "host", 400),
}


@pytest.mark.parametrize("case", CASES)
def test_a_replay_in_pieces_goes_on_to_the_bit(tmp_path, monkeypatch, case):
    monkeypatch.setattr(pieces, "LARGE", 4096)
    monkeypatch.setattr(pieces, "PIECE", 1024)
    source, lane, capacity = CASES[case]
    about = {"lane": lane, "progress": False, "checkpoint_every": 60, "seed": 2}
    whole = Experiment(DQN(replay_capacity=capacity, **SMALL), source, run_dir=tmp_path / "whole", **about)
    whole.train(360)
    shutil.copytree(tmp_path / "whole", tmp_path / "cut")
    shutil.rmtree(tmp_path / "cut" / "checkpoints" / "step-000000000360")
    more = {} if isinstance(source, str) else {"source": source}
    resumed = Experiment.resume(tmp_path / "cut", progress=False, **more)
    assert resumed.step == 300
    resumed.train()
    for mine, theirs in zip(whole.learner.online.weights, resumed.learner.online.weights, strict=True):
        np.testing.assert_array_equal(mine.numpy(), theirs.numpy())
    before, last = ({p.name: p.stat().st_ino for p in path.glob("piece-*")} for path in
                    checkpoints.listed(tmp_path / "whole" / "checkpoints", "step"))  # fmt: skip
    # Sixty new steps in a ring of hundreds.
    shared = set(before.values()) & set(last.values())
    assert len(shared) > len(last) / 3
    # What the process that went on has is what the other has, to the byte.
    mine, theirs = (checkpoints.read(tmp_path / name / "checkpoints/step-000000000360")[0] for name in ("whole", "cut"))
    np.testing.assert_equal(mine["learner"], theirs["learner"])
