"""Dict and Tuple observations as rows: packed, written down, acted on and resumed as any other."""

import json

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box, Dict, Discrete, Graph, Text, Tuple

from agents import DQN, Random, spaces
from agents.structured import Packed, in_rows, packed
from lab import Experiment
from lab.errors import UsageError
from lab.testing import differences
from tests.agents.odd_environments import MissionSpace, Scripted, grid_space

SMALL = {"batch_size": 4, "learning_starts": 8, "update_every": 4, "updates_per_round": 2, "hidden_sizes": (4,)}
SMALL.update(learning_rate_steps=100, epsilon_steps=20)


class Grid(Scripted):
    def _observation(self):
        return {"image": np.full((7, 7, 3), self.count, np.uint8), "direction": 1, "mission": "go"}


def grid(text=MissionSpace):
    return Grid(grid_space(text))


def test_rows_are_bytes_where_they_can_be_and_come_back_by_name():
    space = packed(grid_space())
    assert [entry.name for entry in space.entries] == ["image", "direction"] and space.dtype == np.uint8
    row = space.pack({"image": np.full((7, 7, 3), 200, np.uint8), "direction": 3})
    assert row.shape == (148,) and row[-1] == 3 and (row[:-1] == 200).all()
    assert space.unpack(row[None])["image"].shape == (1, 7, 7, 3)
    assert space.pack({"image": np.zeros((5, 7, 7, 3), np.uint8), "direction": np.zeros(5, int)}).shape == (5, 148)
    mixed = packed(Dict(a=Dict(x=Box(-np.inf, np.inf, ())), b=Tuple([Discrete(3, start=-1), Box(-1, 1, (2,))])))
    assert [entry.name for entry in mixed.entries] == ["a.x", "b.0", "b.1"] and mixed.dtype == np.float32
    assert mixed.pack({"a": {"x": 0.5}, "b": (-1, np.array([1, 0]))}).tolist() == [0.5, -1, 1, 0]


@pytest.mark.parametrize("space", [packed(grid_space()), packed(Dict(a=Dict(x=Box(-np.inf, 1, (2,))), b=Discrete(2)))])
def test_they_come_back_from_strict_json(space):
    again = spaces.from_json(json.loads(json.dumps(spaces.to_json(space), allow_nan=False)))
    assert isinstance(again, Packed) and again == space
    entries = spaces.to_json(space)["entries"] * 2
    with pytest.raises(UsageError, match="expected one or more, each once"):
        spaces.from_json({"kind": "Packed", "entries": entries})


@pytest.mark.parametrize(
    ("observation", "words"),
    [
        ({"direction": 1}, "no numbers at 'image'"),
        (
            {"direction": 1, "image": np.zeros((7, 7, 1), np.uint8)},
            r"shape \(7, 7, 1\) at 'image'; expected \(7, 7, 3\)",
        ),
        ({"direction": 300, "image": np.zeros((7, 7, 3), np.uint8)}, "from 300 to 300 at 'direction'"),
    ],
)
def test_observations_that_do_not_fit_name_the_entry(observation, words):
    with pytest.raises(UsageError, match=words):
        packed(grid_space()).pack(observation)


def test_entries_that_are_no_arrays_are_refused_and_texts_are_left_out():
    with pytest.raises(UsageError, match=r"entry 'g' is Graph.*FilterObservation"):
        packed(Dict(g=Graph(Box(0, 1, (2,)), None), a=Discrete(2)))
    with pytest.raises(UsageError, match=r"entry 'n' is Discrete.*at most 16,777,216"):
        packed(Dict(n=Discrete(1 << 30)))
    assert packed(Tuple([Discrete(2), Discrete(3)])) == Tuple([Discrete(2), Discrete(3)])
    plain = gymnasium.make("CartPole-v1")
    assert in_rows(plain) is plain


@pytest.mark.thorough
def test_agents_learn_from_them_act_on_them_and_resume(tmp_path):
    assert Experiment(Random(), lambda: grid(Text), progress=False).evaluate(episodes=2).lengths == (3, 3)
    whole = Experiment(DQN(**SMALL), grid, num_envs=2, progress=False)
    whole.train(24)
    part = Experiment(DQN(**SMALL), grid, num_envs=2, run_dir=tmp_path / "run", progress=False)
    part.train(14)
    resumed = Experiment.resume(tmp_path / "run", source=grid, progress=False)
    resumed.train(10)
    assert not differences(resumed.learner.get_state(), whole.learner.get_state())
    agent = DQN.load(tmp_path / "run", which="last")
    observation = grid().reset(seed=0)[0]
    row = agent.observation_space.pack(observation)
    assert agent.act(observation) == agent.act(row)
    # Bytes lie apart from a transition's four numbers, each once.
    assert agent.memory.storage.layout.width == 4 and agent.memory.storage.apart[0].shape == (20_000, 148)


def test_minigrid_is_played_learnt_and_resumed_as_it_comes(tmp_path):
    pytest.importorskip("minigrid")
    experiment = Experiment(
        DQN(hidden_sizes=(8,), filters=(4,), batch_size=8, learning_starts=20),
        "MiniGrid-Empty-5x5-v0", seed=1, run_dir=tmp_path / "run", progress=False,
    )  # fmt: skip
    experiment.train(60)
    resumed = Experiment.resume(tmp_path / "run", progress=False)
    resumed.train(20)
    assert resumed.learner.observation_space.dtype == np.uint8
    assert resumed.evaluate(2).mean >= 0.0
