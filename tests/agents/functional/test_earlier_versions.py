"""What earlier versions have learnt can be used; what only their training took is refused by name."""

import numpy as np
import pytest

from agents import DQN, QLearning
from lab import Experiment
from lab.errors import CheckpointError

SMALL = {"hidden_sizes": (8,), "batch_size": 4, "learning_starts": 8, "update_every": 4, "updates_per_round": 2}
# What 0.2.0 kept beside what is there still, and what it did without.
CASES = [
    (DQN(**SMALL), "CartPole-v1", {"next_round": 24, "target_updates": 3}, ()),
    (
        QLearning(),
        "lab/FrozenLake-v0",
        {"rng": np.random.default_rng(3).bit_generator.state},
        ("exploration", "fixed_rate"),
    ),
]


@pytest.mark.parametrize(("agent", "source", "more", "fewer"), CASES, ids=["dqn", "q_learning"])
def test_a_checkpoint_of_0_2_0_is_used_and_not_trained_on(agent, source, more, fewer):
    experiment = Experiment(agent, source, seed=1, lane="host", progress=False)
    experiment.train(40)
    known = {name: value for name, value in agent.inference_state().items() if name not in fewer}
    kind = type(agent)
    other = Experiment(kind(agent.config), source, seed=2, lane="host", progress=False).learner
    other.set_inference_state({**known, **more})
    observations = np.array([experiment.task.observation_space.sample() for _ in range(5)])
    np.testing.assert_array_equal(other.action_values(observations), agent.action_values(observations))
    assert other.steps == 40
    with pytest.raises(CheckpointError, match=r"written by lab 0\.2\.0 or earlier .* resume the run with that version"):
        other.set_state({**known, **more, "replay": {}})
