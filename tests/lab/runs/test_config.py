"""A run's config.json is checked by kinds and limits before anything is made of it."""

import copy
import json

import numpy as np
import pytest

from agents import DQN, QLearning
from lab import Experiment
from lab.errors import RunDirectoryError, UsageError
from lab.runs.directory import RunDirectory

SMALL = {"hidden_sizes": (8,), "batch_size": 4, "learning_starts": 8, "update_every": 4, "updates_per_round": 1}
HOSTILE = "a\x1b[2J\u202eb"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    run = tmp_path_factory.mktemp("runs") / "run"
    Experiment(DQN(**SMALL), "CartPole-v1", run_dir=run, progress=False, lane="host").train(16)
    return run


@pytest.fixture
def changed(trained):
    """Write other entries into config.json; afterwards it is as it was."""
    path = trained / "config.json"
    before = path.read_text()

    def change(*where, to):
        config = json.loads(before)
        place = config
        for name in where[:-1]:
            place = place[name]
        place[where[-1]] = copy.deepcopy(to)
        path.write_text(json.dumps(config))
        return trained

    yield change
    path.write_text(before)


def refused(call, words, kind=RunDirectoryError):
    with pytest.raises(kind, match=words) as raised:
        call()
    shown = str(raised.value)
    assert type(raised.value) is kind and shown.isprintable() and "Fix: " in shown and len(shown) < 900


@pytest.mark.parametrize(
    ("where", "to", "words"),
    [
        (("seed",), True, "seed is True"),
        (("seed",), -1, "seed is -1"),
        (("seed",), 10**400, "a number has 401 digits"),
        (("steps",), 1.5, "steps is 1.5"),
        (("num_envs",), 0, "num_envs is 0"),
        (("num_envs",), 10**9, "num_envs is 1000000000; expected a whole number from 1 to 65536"),
        (("threads",), 10**9, "threads is 1000000000"),
        (("threads",), -1, "threads is -1"),
        (("log_every",), 0, "log_every is 0"),
        (("evaluate_every",), 0, "evaluate_every is 0"),
        (("lane",), "warp", "lane is 'warp'; expected one of 'auto'"),
        (("lane_used",), HOSTILE, r"lane_used is 'a\\x1b\[2J\\u202eb'"),
        (("learner",), HOSTILE, r"learner is 'a\\x1b"),
        (("source",), HOSTILE, r"source is 'a\\x1b"),
        (("source",), ["CartPole-v1"], "source is a list of 1"),
        (("callbacks",), [1], r"callbacks\[0\] is 1"),
        (("callbacks",), "progress", "callbacks is 'progress'"),
        (("settings",), [], "settings is a list of 0"),
        (("task",), None, "task is None"),
        (("format",), 2, "has the format 2; this version reads 1"),
        ((HOSTILE,), 1, "means nothing here"),
        (("task", "deep"), json.loads("[" * 90 + "]" * 90), "nested more than 64 deep"),
    ],
)
def test_an_entry_that_nobody_wrote_is_refused(changed, where, to, words):
    run = changed(*where, to=to)
    for call in (RunDirectory(run).read_config, lambda: Experiment.resume(run), lambda: DQN.load(run)):
        refused(call, words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "it is no JSON"),
        ("[]", "a list of 0"),
        ("[" * 50_000, "nested too deeply"),
        ('{"learner": "dqn", "learner": "random"}', "the name 'learner' twice"),
        ('{"seed": NaN}', "NaN is no number"),
        ("\x00\x1b[2J", "it is no JSON"),
        ('{"x": "' + "a" * (1 << 24) + '"}', "more than 16,777,216 bytes"),
    ],
)
def test_a_file_that_is_no_config_is_refused(tmp_path, text, words):
    (tmp_path / "config.json").write_text(text)
    refused(RunDirectory(tmp_path).read_config, words)


def test_a_settings_infinity_is_read_as_it_is_written(changed):
    assert DQN.load(changed("settings", "gradient_clip", to=np.inf)).config.gradient_clip == np.inf


@pytest.mark.parametrize(
    ("where", "to", "words"),
    [
        (("settings", "hidden_sizes"), [10**9], "a variable of shape"),
        (("settings", "hidden_sizes"), [60_000, 60_000], "a variable of shape"),
        (("settings", "hidden_sizes"), [8] * 1_000, "hidden_sizes received '1,000 values'"),
        (("settings", "hidden_sizes"), [True], "hidden_sizes received True"),
        (("settings", "hidden_sizes"), [-8], "hidden_sizes received -8"),
        (("settings", "replay_capacity"), 10**16, "replay_capacity received 'one of 54 bits'"),
        (("settings", "replay_capacity"), 10**15, "fits? in memory"),
        (("settings", "surprise"), 1, "no setting is called 'surprise'"),
        (("task",), {}, "they lack 'observation_space'"),
        (("task", "observation_space"), {"kind": "Discrete", "n": 10**9, "start": 0}, "a variable of shape"),
        (("task", "observation_space"), {"kind": "Box", "shape": [-4], "dtype": "float32", "low": 0, "high": 1},
         r"shape\[0\] is -4"),
        (("task", "observation_space"), {"kind": "Box", "shape": [9_000, 9_000], "dtype": "float32", "low": 0,
                                         "high": 1}, "at most 33,554,432 numbers"),
        (("task", "observation_space"), {"kind": "Box", "shape": [4], "dtype": "object", "low": 0, "high": 1},
         "dtype is 'object'"),
        (("task", "observation_space"), {"kind": "Box", "shape": [4], "dtype": "float32", "low": [0] * 3, "high": 1},
         "describes no space"),
        (("task", "action_space"), {"kind": "Discrete", "n": 0, "start": 0}, "n is 0"),
        (("task", "action_space"), {"kind": "Discrete", "n": 10**12, "start": 0}, "a variable of shape"),
        (("task", "action_space"), {"kind": "MultiDiscrete", "nvec": [[2], 3], "start": [0, 0]}, "nvec"),
        (("task", "action_space"), "Discrete(2)", "is 'Discrete"),
    ],
)  # fmt: skip
def test_sizes_that_no_run_had_are_refused_before_memory(changed, where, to, words):
    refused(lambda: DQN.load(changed(*where, to=to)), words)


def test_a_resumed_run_is_held_to_what_its_checkpoints_have_room_for(changed):
    run = changed("settings", "hidden_sizes", to=[60_000, 60_000])
    refused(lambda: Experiment.resume(run, progress=False), "a variable of shape", UsageError)


def test_a_table_that_no_memory_holds_is_refused():
    from gymnasium.spaces import Discrete, MultiDiscrete

    from lab.seeding import Seeds

    with pytest.raises(UsageError, match="states and 4 actions; expected a table of at most"):
        QLearning().setup(MultiDiscrete([10_000, 10_000, 10_000]), Discrete(4), Seeds(0))
    learner = QLearning()
    learner.most_numbers = 1_000
    with pytest.raises(UsageError, match="at most 1,000 values"):
        learner.setup(Discrete(501), Discrete(2), Seeds(0))


def test_one_of_many_states_is_seen_without_the_square_of_them():
    from gymnasium.spaces import Discrete

    from agents.parts.observations import features

    few, many = Discrete(1_000, start=3), Discrete(100_000, start=3)
    for space in (few, many):
        rows = features(space, np.array([3, space.n + 2]))
        assert rows.shape == (2, space.n) and rows.dtype == np.float32 and rows.sum() == 2
        assert rows[0, 0] == rows[1, -1] == 1
    assert features(many, np.int64(4)).argmax() == 1
