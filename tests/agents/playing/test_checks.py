import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete, MultiDiscrete, Tuple

from agents import Random
from agents.episodes.recording import record
from agents.playing.checks import THOROUGH_STEPS, Checked
from lab import Experiment
from lab.errors import UsageError
from tests.agents.odd_environments import Scripted

PICTURE, GRADES = Box(0, 255, (8, 8, 3), np.uint8), Box(0, 4, (2,), np.uint8)
FLOATS = Box(0.0, 1.0, (8, 8, 3), np.float32)
ZEROS = np.zeros(3, np.float32)
BROKEN = {
    "float in bytes": (
        {"space": PICTURE, "observation": np.full((8, 8, 3), 300.5)},
        "float64.* expected uint8 numbers",
    ),
    "whole numbers that wrap": (
        {"space": PICTURE, "observation": np.full((8, 8, 3), 300)},
        r"300 at \[0, 0, 0\].* 0 to 255",
    ),
    "bytes above the bound": ({"space": GRADES, "observation": np.array([1, 9], np.uint8)}, r"9 at \[1\]"),
    "a scalar for a vector": ({"observation": 1.0}, r"of shape \(\).* expected \(3,\)"),
    "an empty tuple": ({"observation": ()}, r"of shape \(0,\)"),
    "a ragged list": ({"observation": [[1.0], [1.0, 2.0]]}, "of shape"),
    "texts": ({"observation": np.array(["a", "b", "c"])}, "expected float32 numbers"),
    "NaN": ({"observation": np.array([0.0, np.nan, 0.0], np.float32)}, r"nan at \[1\].* expected finite numbers"),
    "infinity": ({"observation": np.array([0.0, np.inf, 0.0], np.float32)}, r"inf at \[1\]"),
    "unscaled pictures": ({"space": FLOATS, "observation": np.full((8, 8, 3), 255.0, np.float32)}, "255.0 at"),
    "Discrete -1": ({"space": Discrete(4), "observation": -1}, "observation with -1 at .*; expected 0 to 3"),
    "Discrete 1.0": ({"space": Discrete(4), "observation": 1.0}, "expected int64 numbers"),
    "MultiDiscrete": ({"space": MultiDiscrete([2, 2]), "observation": np.array([0, 2])}, r"2 at \[1\]"),
    "Tuple": ({"space": Tuple([Discrete(2)] * 2), "observation": (0, 5)}, r"5 at \[1\]"),
}
LATER = ["float in bytes", "a scalar for a vector", "NaN", "infinity", "Discrete -1", "Tuple", "MultiDiscrete"]
STEPS = {
    "a text": (
        {"reward": "1.0"},
        r"gave the reward '1.0' \(str\) at step \d+ of an episode; expected one finite number",
    ),
    "an array of one": ({"reward": np.ones(1)}, r"gave the reward \[1.\] \(ndarray\)"),
    "a vector": ({"reward": np.ones(2)}, "gave the reward"),
    "None": ({"reward": None}, "gave the reward None"),
    "NaN": ({"reward": float("nan")}, "gave the reward nan"),
    "infinite": ({"reward": np.float64(np.inf)}, "gave the reward"),
    "words for terminated": ({"terminated": "no"}, r"gave terminated='no' \(str\).* expected True or False"),
    "None for truncated": ({"truncated": None}, "gave truncated=None"),
    "two for terminated": ({"terminated": 2}, "gave terminated=2"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_an_observation_that_its_space_does_not_declare_is_refused_at_the_reset(name):
    told, words = BROKEN[name]
    with pytest.raises(UsageError, match=rf"the environment Scripted gave .*{words}") as caught:
        Checked(Scripted(**told)).reset(seed=0)
    assert "at reset" in str(caught.value) and "Fix: " in str(caught.value)


@pytest.mark.parametrize("late", [1, THOROUGH_STEPS + 5])
@pytest.mark.parametrize("name", LATER)
def test_what_breaks_later_is_refused_at_its_step(name, late):
    told, words = BROKEN[name]
    if name == "Tuple":
        told = {**told, "reset": ((0, 0), {})}
    env = Checked(Scripted(**told, from_step=late, length=100))
    if name == "Tuple":
        env.env.given, env.env._observation = None, lambda: (0, 5) if env.env.count >= late else (0, 0)
    env.reset(seed=0)
    for _ in range(late - 1):
        env.step(0)
    with pytest.raises(UsageError, match=f"at step {late} of an episode") as caught:
        env.step(0)
    assert caught.match(words)


@pytest.mark.parametrize("late", [1, THOROUGH_STEPS + 5])
@pytest.mark.parametrize("name", STEPS)
def test_rewards_and_flags_are_held_to_their_kind(name, late):
    told, words = STEPS[name]
    env = Checked(Scripted(**told, from_step=late, length=100))
    env.reset(seed=0)
    for _ in range(late - 1):
        env.step(0)
    with pytest.raises(UsageError, match=words):
        env.step(0)


@pytest.mark.parametrize(
    "given", [ZEROS, (ZEROS, None), [ZEROS, {}], (ZEROS, {}, {})], ids=["no info", "None", "a list", "three"]
)
def test_a_reset_returns_observation_and_info(given):
    with pytest.raises(UsageError, match=r"returned .* at reset; expected \(observation, info\)"):
        Checked(Scripted(reset=given)).reset()


def test_a_step_returns_five_values():
    env = Checked(Scripted())
    env.reset()
    env.env.step = lambda action: (ZEROS, 1.0, False, {})
    with pytest.raises(UsageError, match=r"returned .* at step 1 of an episode; expected \(observation, reward"):
        env.step(0)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"observation": np.zeros(3, np.float64)}, 0.0),
        ({"observation": [0, 0, 0]}, 0.0),
        ({"space": PICTURE, "observation": np.full((8, 8, 3), 7, np.int64)}, 7),
        ({"space": Discrete(3, start=-1), "observation": np.int32(-1)}, -1),
        ({"reward": np.float32(1.0), "terminated": np.bool_(False), "truncated": 0}, 0.0),
        ({"reward": np.array(1.0)}, 0.0),
        ({"observation": np.full(3, 1e30, np.float32), "space": Box(-np.inf, np.inf, (3,))}, np.float32(1e30)),
    ],
)
def test_what_means_the_same_is_taken(told, expected):
    env = Checked(Scripted(**told, length=100))
    observations = [env.reset()[0]]
    for _ in range(THOROUGH_STEPS + 3):
        observation, reward, terminated, truncated, _ = env.step(0)
        observations.append(observation)
        assert (float(reward), bool(terminated), bool(truncated)) == (1.0, False, False)
    assert (np.array(observations) == expected).all()


def test_a_vector_outside_of_its_bounds_is_said_once_and_used_as_it_is(capsys):
    env = Checked(Scripted(observation=np.array([0.0, 99.0, 0.0], np.float32)))
    for _ in range(3):
        assert env.reset()[0][1] == 99.0
        env.step(0)
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "outside of the bounds that its space declares, first 99.0 at [1]" in said


@pytest.mark.parametrize("lane", ["training", "evaluation", "recording", "filming", "baseline"])
def test_everything_that_plays_checks(lane, tmp_path):
    def make(render_mode=None):
        return Scripted(reward="1.0", render_mode=render_mode)

    with pytest.raises(UsageError, match="gave the reward '1.0'"):
        if lane == "recording":
            record(lambda observation: 0, make, episodes=1)
        experiment = Experiment(Random(), make, progress=False)
        if lane == "training":
            experiment.train(4)
        if lane == "evaluation":
            experiment.evaluate(episodes=2)
        if lane == "filming":
            experiment.render(tmp_path / "film.png")
        if lane == "baseline":
            experiment.task.agent = experiment.task
            experiment.task.baselines()
    assert not (tmp_path / "film.png").exists()


def test_gymnasiums_own_environments_keep_their_word():
    for name in ("CartPole-v1", "FrozenLake-v1", "Taxi-v4", "Blackjack-v1", "Pendulum-v1", "lab/Catch-v0"):
        env = Checked(gymnasium.make(name))
        env.reset(seed=0)
        env.action_space.seed(0)
        for _ in range(60):
            if any(env.step(env.action_space.sample())[2:4]):
                env.reset()
