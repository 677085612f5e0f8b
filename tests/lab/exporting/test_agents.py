"""Agents' files act as the agents do, run by their own runtimes."""

from types import SimpleNamespace

import gymnasium
import numpy as np
import pytest

from agents import DQN, BehaviorCloning, QLearning, Random
from agents.parts.actions import as_actions, as_actions_tensor
from lab import Experiment, UsageError
from lab.seeding import Seeds
from tests.agents.episodes.made import three
from tests.lab.exporting.learnt import ALL, FLOATS, interpreter, run, skip_without_packages, written


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("exports")


@pytest.fixture(scope="module")
def dqn():
    # In the host lane, whose program is the smaller one to compile.
    learner = DQN(hidden_sizes=(32, 32), learning_starts=200)
    experiment = Experiment(learner, "CartPole-v1", seed=2, lane="host", progress=False)
    experiment.train(1_500)
    return experiment


@pytest.fixture(scope="module")
def observations(dqn):
    return dqn.task.export_inputs(200, False)["observations"]


@pytest.mark.thorough
@pytest.mark.parametrize("name", FLOATS)
def test_a_file_of_dqn_gives_its_action_values_of_raw_observations(dqn, folder, observations, name):
    values = run(name, written(dqn, folder, name), observations=observations)
    np.testing.assert_allclose(values, dqn.learner.action_values(observations), rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(values.argmax(axis=1), dqn.learner.act(observations))
    assert run(name, written(dqn, folder, name), observations=observations[:1]).shape == (1, 2)


@pytest.mark.thorough
def test_a_file_in_8_bits_holds_8_bits_and_is_off_by_no_more_than_a_twentieth(dqn, folder, observations):
    path = written(dqn, folder, "litert-int8")
    expected = dqn.learner.action_values(observations)
    values = run("litert-int8", path, observations=observations)
    assert np.abs(values - expected).mean() <= 0.05 * np.abs(expected).max()
    assert not np.array_equal(values, expected)
    weights = [d for d in interpreter(path).get_tensor_details() if tuple(d["shape"]) == (32, 32)]
    assert weights and all(d["dtype"] is np.int8 for d in weights)


@pytest.mark.thorough
@pytest.mark.parametrize("name", ALL)
def test_the_table_compares_returns_on_the_same_seeds(dqn, tmp_path, name):
    skip_without_packages(name)
    suffix = {"saved_model": "", "onnx": ".onnx"}.get(name, ".tflite")
    exported = dqn.export(tmp_path / f"dqn{suffix}", format=name, episodes=4)
    ours, theirs = exported.rows
    own = dqn.evaluate(4)
    assert ours.scores["mean"] == own["mean"] and exported.main == "mean"
    assert theirs.name == name and theirs.runtime and theirs.size_bytes > 1_000 and exported.path.exists()
    if name != "litert-int8":
        assert theirs.scores["mean"] == own["mean"] and exported.difference < 1e-3
    assert ours.size_bytes == 4 * sum(v.numpy().size for v in dqn.learner.online.trainable_variables)
    assert exported.inputs == {"observations": "float32 (n, 4)"} and exported.outputs == {"values": "float32 (n, 2)"}
    assert set(ours.latency) == {1, 64} and all(t.calls >= 5 and t.milliseconds > 0 for t in ours.latency.values())
    shown = str(exported).splitlines()
    assert shown[0] == str(exported.path) and "ms at 64" in shown[3] and shown[5].split()[0] == name


def test_exporting_leaves_the_state_of_training_as_it_was(dqn, folder):
    before = dqn.learner.exploration.bit_generator.state
    written(dqn, folder, "saved_model")
    dqn.task.export_inputs(20, True)
    assert dqn.learner.exploration.bit_generator.state == before


@pytest.mark.parametrize("name", FLOATS)
def test_a_file_of_a_table_has_its_values(folder, name):
    space = gymnasium.spaces.MultiDiscrete([3, 2], start=[1, 0])
    agent = QLearning()
    agent.setup(space, gymnasium.spaces.Discrete(2), Seeds(0))
    agent.q_table[:] = np.arange(12).reshape(6, 2) / 8
    states = np.array([[1, 0], [1, 1], [3, 1]])
    task = SimpleNamespace(export_inputs=lambda number, calibration: {"observations": states})
    holder = SimpleNamespace(learner=agent, task=task)
    values = run(name, written(holder, folder, name), observations=states)
    # Row-major: (1, 0) is the first row, (1, 1) the second, (3, 1) the last.
    np.testing.assert_array_equal(values, [[0.0, 0.125], [0.25, 0.375], [1.25, 1.375]])


def test_a_table_has_no_arithmetic_for_8_bits(tmp_path):
    experiment = Experiment(QLearning(), "FrozenLake-v1", progress=False)
    with pytest.raises(UsageError, match="a table has no arithmetic. Fix: format 'litert'"):
        experiment.export(tmp_path / "q.tflite", format="litert-int8")
    assert not list(tmp_path.iterdir())


def test_an_agent_that_is_no_function_of_its_observation_is_refused(tmp_path):
    experiment = Experiment(Random(), "CartPole-v1", progress=False)
    with pytest.raises(UsageError, match="Random cannot be exported: .* Fix: override `export_model`"):
        experiment.export(tmp_path / "random")
    assert not list(tmp_path.iterdir())


@pytest.mark.thorough
def test_cloned_box_actions_come_within_their_bounds(folder):
    space = gymnasium.spaces.Box(np.float32([-1.0, 2.0]), np.float32([3.0, np.inf]))
    outputs = np.float32([[-9.0, -9.0], [0.0, 1.0], [9.0, 9.0]])
    np.testing.assert_array_equal(as_actions_tensor(space, outputs).numpy(), as_actions(space, outputs))
    recorded = three(observations=np.linspace(-1, 1, 12, dtype=np.float32).reshape(6, 2),
                     final_observations=np.zeros((3, 2), np.float32), action_space=space,
                     observation_space=gymnasium.spaces.Box(-9, 9, (2,), np.float32),
                     actions=np.full((6, 2), 2.5, np.float32))  # fmt: skip
    experiment = Experiment(BehaviorCloning(hidden_sizes=(8,), batch_size=4), recorded, progress=False)
    experiment.train(3)
    inputs = experiment.task.export_inputs(6, False)["observations"]
    actions = run("litert", written(experiment, folder, "litert"), observations=inputs)
    np.testing.assert_allclose(actions, experiment.learner.act(inputs), rtol=1e-5, atol=1e-5)
    # There is no environment to play in: the recording's own observations are compared, and no return.
    exported = experiment.export(folder / "measured.tflite", format="litert")
    assert exported.main == "" and exported.rows[1].scores == {} and exported.compared == len(inputs) == 6
