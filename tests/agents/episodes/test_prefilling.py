"""A replay that begins with recorded episodes holds just those, and a run of it needs the file no more."""

import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete

from agents import CQL, DQN, PPO, SAC, Random, RecurrentDQN
from agents.episodes import Episodes, prefilling, record
from lab import Experiment, UsageError
from lab.cli import main

LENGTHS = (3, 5, 2, 4)
SMALL = {"hidden_sizes": (8,), "batch_size": 8, "update_every": 20, "learning_starts": 40}
HIGH = np.array([4.8, np.inf, 0.41887903, np.inf], np.float32)


def episodes(lengths=LENGTHS, space=None, **changed):
    """Episodes in which step t of episode e is observed as e + t / 100; the first terminates, the last merely stops."""
    space = space or Box(-HIGH, HIGH, (4,), np.float32)
    steps = [(e, t) for e, length in enumerate(lengths) for t in range(length)]
    seen = [[e + t / 100] * 4 for e, t in steps]
    number = len(lengths)
    return Episodes.from_arrays(
        **{
            "observations": np.array(seen, np.float32),
            "final_observations": np.array([[e + n / 100] * 4 for e, n in enumerate(lengths)], np.float32),
            "actions": np.array([t % 2 for _, t in steps]),
            "rewards": np.array([10.0 * e + t for e, t in steps]),
            "terminated": [e == 0 for e in range(number)],
            "truncated": [0 < e < number - 1 for e in range(number)],
            "lengths": list(lengths),
            "observation_space": space,
            "action_space": Discrete(2),
            **changed,
        }
    )


def experiment(recorded, lane="host", num_envs=1, run_dir=None, **settings):
    agent = DQN(**{**SMALL, **settings})
    agent.prefill(recorded)
    return Experiment(agent, "CartPole-v1", lane=lane, num_envs=num_envs, seed=1, run_dir=run_dir, progress=False)


def held(made):
    """Return what the replay holds: time of seeing it, reward, ends and time of what followed, of each row."""
    if made.task.lane == "host":
        storage = made.learner.memory.storage
        rows, layout = storage.rows[: storage.size], storage.layout
    else:
        stored, layout = made.task.state.memory.stored, made.task.program.memory.storage.layout
        rows = stored.rows.numpy()[: int(stored.size)]
    columns = [layout.columns[name].start for name in ("observation", "reward", "terminated", "truncated")]
    return rows[:, [*columns, layout.columns["next_observation"].start]]


LANES = pytest.mark.parametrize("lane", ["host", "compiled"])


@LANES
def test_one_environment_has_all_steps_in_their_order(lane):
    rows = held(experiment(episodes(), lane))
    expected = [
        [e + t / 100, 10 * e + t, e == 0 and last, e > 0 and last, e + (t + 1) / 100]
        for e, length in enumerate(LENGTHS)
        for t in range(length)
        for last in [t == length - 1]
    ]
    np.testing.assert_allclose(rows, expected, rtol=1e-6)


@LANES
def test_several_environments_are_dealt_whole_episodes_and_their_last_steps(lane):
    rows = held(experiment(episodes(), lane, num_envs=2)).reshape(-1, 2, 5)
    # Episodes 0, 2 and 3 (of 3, 2 and 4 steps) to the one; 1 (5) to the other, which has the fewest.
    np.testing.assert_allclose(rows[:, 1, 1], [10, 11, 12, 13, 14])
    np.testing.assert_allclose(rows[:, 0, 1], [21, 30, 31, 32, 33])
    assert rows[:, 0, 3].tolist() == [1, 0, 0, 0, 1], "also where the recording merely stops"


@LANES
def test_what_there_is_no_room_for_is_left_out(lane):
    rows = held(experiment(episodes(), lane, replay_capacity=8))
    np.testing.assert_allclose(rows[:, 1], [12, 13, 14, 20, 21, 30, 31, 32, 33][-8:])


@LANES
@pytest.mark.parametrize("prioritised", [False, True])
def test_it_is_learnt_from_and_a_killed_run_goes_on_without_the_file(tmp_path, lane, prioritised):
    file = episodes([7] * 12).save(tmp_path / "some.npz")
    whole = experiment(file, lane, run_dir=tmp_path / "whole", prioritised=prioritised)
    whole.claim()
    file.unlink()
    # As if it had been killed right here.
    assert [path.name for path in (tmp_path / "whole" / "checkpoints").iterdir()] == ["step-000000000000"]
    resumed = Experiment.resume(tmp_path / "whole", progress=False)
    np.testing.assert_array_equal(held(resumed), held(whole))
    other = experiment(episodes([7] * 12), lane, run_dir=tmp_path / "other", prioritised=prioritised)
    before = other.learner.online.weights[0].numpy().copy()
    for one in (resumed, other):
        one.train(80)
    mine, theirs = (one.learner.online.weights for one in (resumed, other))
    assert not np.array_equal(mine[0].numpy(), before)
    for a, b in zip(mine, theirs, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


@LANES
def test_environments_that_mask_are_refused_before_anything_is_written(tmp_path, lane):
    recorded = record(Random(), "lab/Taxi-v4", episodes=2, seed=1)
    agent = DQN(**SMALL)
    agent.prefill(recorded)
    with pytest.raises(UsageError, match="masks actions"):
        Experiment(agent, "lab/Taxi-v4", lane=lane, run_dir=tmp_path / "run", progress=False).train(60)
    assert not (tmp_path / "run").exists()
    free = DQN(**SMALL, action_masks=False)
    free.prefill(recorded)
    assert len(held(Experiment(free, "lab/Taxi-v4", lane=lane, progress=False))) == len(recorded.rewards)


def test_agents_of_recordings_alone_take_none():
    agent = CQL(hidden_sizes=(4,))
    agent.prefill(episodes())
    with pytest.raises(UsageError, match="learns from its recording alone"):
        Experiment(agent, episodes(), progress=False).train(2)


def test_a_long_recording_compiles_one_program(monkeypatch):
    monkeypatch.setattr(prefilling, "BLOCK", 4)
    made = experiment(episodes([5] * 5), "compiled")
    assert len(held(made)) == 25
    assert type(made.task.program.memory)._filled.experimental_get_tracing_count() <= 2


def test_other_agents_with_a_replay_take_one(tmp_path):
    space = Box(np.array([-1, -1, -8], np.float32), np.array([1, 1, 8], np.float32))
    made = Episodes.from_arrays(
        observations=np.zeros((6, 3), np.float32), final_observations=np.zeros((1, 3), np.float32),
        actions=np.ones((6, 1), np.float32), rewards=np.arange(6.0), terminated=[False], truncated=[True], lengths=[6],
        observation_space=space, action_space=Box(-2.0, 2.0, (1,), np.float32),
    )  # fmt: skip
    agent = SAC(hidden_sizes=(4,))
    agent.prefill(made)
    assert len(held(Experiment(agent, "Pendulum-v1", lane="compiled", progress=False))) == 6


REFUSED = {
    "another space": (lambda: DQN(), lambda: episodes(space=Box(-9.0, 9.0, (4,), np.float32)), "observation_space"),
    "not finite": (lambda: DQN(), lambda: episodes(rewards=np.full(14, np.nan)), "reward"),
    "rollouts": (lambda: PPO(), episodes, "log_probability|has no replay"),
    "memory": (lambda: RecurrentDQN(), episodes, "which no recording has"),
    "neither": (lambda: DQN(), lambda: 3, "expected Episodes, or the path"),
    "missing": (lambda: DQN(), lambda: "no/such.npz", "no/such.npz"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_refused_before_training(name):
    make, recorded, words = REFUSED[name]

    def run():
        agent = make()
        agent.prefill(recorded())
        Experiment(agent, "CartPole-v1", progress=False)

    with pytest.raises(UsageError, match=words) as error:
        run()
    assert "\n" not in str(error.value)


def test_it_comes_before_the_experiment_and_for_one_run():
    agent = DQN(**SMALL)
    made = Experiment(agent, "CartPole-v1", progress=False)
    with pytest.raises(UsageError, match="comes too late.*before Experiment"):
        agent.prefill(episodes())
    with pytest.raises(UsageError, match="4 episodes cannot be dealt to 5 environments"):
        experiment(episodes(), num_envs=5)
    again = DQN(**SMALL)
    again.prefill(episodes())
    with pytest.raises(UsageError, match="5 environments"):
        Experiment(again, "CartPole-v1", num_envs=5, lane="host", progress=False)
    for lane in ("host", "host", "compiled"):
        assert len(held(Experiment(again, "CartPole-v1", lane=lane, progress=False))) == 14, "as the fix has it"
    with pytest.raises(UsageError, match="several runs side by side"):
        experiment(episodes()).train_many([1, 2])
    assert made.learner.begins_trained is False


def test_the_command_line_takes_a_file(tmp_path, capsys):
    file = episodes([9] * 5).save(tmp_path / "some.npz")
    given = ["train", "dqn", "CartPole-v1", "--steps", "60", "--run", str(tmp_path / "run"), "--prefill", str(file)]
    settings = ["hidden_sizes=8", "batch_size=8", "learning_starts=20", "replay_capacity=40"]
    assert main([*given, *(word for item in settings for word in ("--set", item))]) == 0
    assert "begins with 40 of the 45 recorded steps, of 5 episodes" in capsys.readouterr().err
    assert main(["train", "random", "CartPole-v1", "--run", str(tmp_path / "q"), "--prefill", str(file)]) == 2
    assert "--prefill: random has no replay" in capsys.readouterr().err
