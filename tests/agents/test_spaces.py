import json

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Text, Tuple

from agents import Random, spaces
from agents.base import Agent
from agents.episodes.recording import record
from lab import Experiment
from lab.errors import UsageError
from tests.agents.odd_environments import MissionSpace, Scripted, grid_space

ALL = [
    Discrete(4),
    Discrete(3, start=-1),
    Box(-np.inf, np.inf, (3,), np.float32),
    Box(np.array([-1.0, 0.0], np.float32), np.array([1.0, np.inf], np.float32)),
    Box(0, 255, (4, 4, 3), np.uint8),
    MultiDiscrete([2, 5]),
    MultiBinary(3),
    Tuple([Discrete(3), Discrete(2)]),
]


@pytest.mark.parametrize("space", ALL, ids=str)
def test_spaces_come_back_from_strict_json(space):
    text = json.dumps(spaces.to_json(space), allow_nan=False)
    assert spaces.from_json(json.loads(text)) == space


def test_a_pictures_bounds_are_written_once():
    assert spaces.to_json(Box(0, 255, (84, 84), np.uint8))["high"] == 255.0


@pytest.mark.parametrize("space", ALL, ids=str)
def test_one_value_and_a_batch_are_told_apart(space):
    space.seed(0)
    value = space.sample()
    batch, single = spaces.as_batch(space, value)
    assert single and batch.shape[0] == 1
    batch, single = spaces.as_batch(space, [value, value, value])
    assert not single and batch.shape[0] == 3


def test_wrong_shapes_and_spaces_are_refused():
    with pytest.raises(UsageError, match=r"observations received shape \(4,\); expected \(3,\)"):
        spaces.as_batch(Box(-1, 1, (3,)), np.zeros(4))
    with pytest.raises(UsageError, match="Fix: wrap the environment in gymnasium.wrappers.FlattenObservation"):
        spaces.layout(Dict(a=Discrete(2)))
    with pytest.raises(UsageError, match="kind is 'os.system'; expected one of"):
        spaces.from_json({"kind": "os.system"})


def test_actions_are_shifted_to_where_the_space_starts():
    assert spaces.to_environment(Discrete(3, start=-1), np.array([0, 2])).tolist() == [-1, 1]


def test_bounds_come_back_also_at_the_ends_of_their_type():
    ends = np.iinfo(np.int64)
    for space in (Box(ends.min, ends.max, (2,), np.int64), Box(0, 255, (2,), np.uint8), Box(-np.inf, 3.4e38, (2,))):
        assert spaces.from_json(json.loads(json.dumps(spaces.to_json(space)))) == space
    with pytest.raises(UsageError, match="bounds of the type uint8 lie outside 0 to 255"):
        spaces.from_json({"kind": "Box", "shape": [2], "dtype": "uint8", "low": 0, "high": 1e300})


# ------------------------------------------------------------------ actions on their way to an environment


class Chooses(Agent):
    """Gives the actions it is told to."""

    learns = False

    not_state = ("given",)
    given = None

    def build(self):
        """Make nothing."""

    def act_batch(self, observations, explore=False):
        return np.array([self.given] * len(observations))


BOX = Box(np.array([-1.0, 0.0]), np.array([1.0, np.inf]), dtype=np.float32)


@pytest.mark.parametrize(
    ("given", "taken"),
    [([5.0, -3.0], [1.0, 0.0]), ([-9.0, 1e9], [-1.0, 1e9]), ([0.25, 0.5], [0.25, 0.5]), ([1, 7], [1, 7])],
)
def test_box_actions_are_clipped_in_one_place_whoever_plays(given, taken):
    envs = []

    def make():
        envs.append(Scripted(actions=BOX))
        return envs[-1]

    agent = Chooses()
    agent.given = given
    experiment = Experiment(agent, make, progress=False)
    experiment.train(4)
    experiment.evaluate(episodes=2)
    recorded = record(agent, make, episodes=2)
    received = [action for env in envs for action in env.received]
    assert len(received) >= 4 + 6 + 6 and all(action.dtype == np.float32 for action in received)
    assert np.array_equal(received, [np.float32(taken)] * len(received))
    assert np.array_equal(recorded.columns.actions, [np.float32(taken)] * recorded.steps), "what was done is recorded"
    assert np.array_equal(agent.act(np.zeros(3, np.float32)), np.float32(taken))


@pytest.mark.parametrize(
    ("space", "given", "words"),
    [
        (Discrete(2), 2, r"gave actions \[2\].* expected whole numbers \(n,\) from 0 to 1 for Discrete\(2\)"),
        (Discrete(2), -1, r"gave actions \[-1\]"),
        (Discrete(2), 1.0, r"gave actions \[1.\] \(float64"),
        (Discrete(2), [1], r"shape \(1, 1\)"),
        (Discrete(3, start=5), 5, r"gave actions \[5\].* from 0 to 2"),
        (BOX, [0.0, np.nan], "expected finite numbers"),
        (BOX, [0.0, np.inf], "expected finite numbers"),
        (BOX, [0.0], r"shape \(1, 1\)\); expected the shape \('n', 2\)"),
        (BOX, 0.0, "expected the shape"),
        (BOX, ["a", "b"], "expected float32 numbers"),
        (Box(0, 9, (1,), np.int64), [0.5], "expected int64 numbers"),
        (MultiDiscrete([2, 5]), [1, 5], "expected whole numbers from"),
        (MultiBinary(2), [0, 2], "expected whole numbers from 0 to 1"),
        (Tuple([Discrete(2), Discrete(3)]), [0, 3], "expected whole numbers from"),
    ],
)
def test_actions_that_no_clipping_mends_are_refused(space, given, words):
    with pytest.raises(UsageError, match=f"the agent's act_batch {words}|the agent's act_batch gave .*{words}"):
        spaces.to_environment(space, np.array([given]))


def test_the_compiled_lane_clips_the_actions_of_a_box_too():
    import tensorflow as tf

    found = spaces.pure_to_environment(BOX, tf.constant([[5.0, -3.0], [-9.0, 1e9]]))
    assert np.array_equal(found, np.float32([[1.0, 0.0], [-1.0, 1e9]]))
    index = tf.constant([1, 0])
    assert spaces.pure_to_environment(Discrete(2), index) is index


@pytest.mark.parametrize(
    ("space", "values", "words"),
    [
        (Box(0, 255, (2,), np.uint8), [0.5, 300.0], "received float64 values; expected uint8"),
        (Box(0, 255, (2,), np.uint8), [1, 300], "received values from 1 to 300; expected 0 to 255"),
        (Discrete(4), -1, "received values from -1 to -1; expected 0 to 3"),
        (Discrete(4), [0, 4], "received values from 0 to 4"),
        (Discrete(4), 1.0, "received float64 values"),
        (Box(-1, 1, (2,), np.float32), ["a", "b"], "received <U1 values"),
    ],
)
def test_observations_given_by_hand_are_not_wrapped(space, values, words):
    with pytest.raises(UsageError, match=words):
        spaces.as_batch(space, values)


# ------------------------------------------------------------------ advice that works


def test_the_advice_for_a_dict_with_a_text_works_for_that_very_space():
    for text in (MissionSpace, Text):
        space = grid_space(text)
        said = spaces.advice(space)
        assert "FlattenObservation(env)" not in said and "env.observation_space['image'])" in said
        assert "FlattenObservation(FilterObservation(env, ['image', 'direction']))" in said
    env = Scripted(grid_space())
    flat = gymnasium.wrappers.FlattenObservation(gymnasium.wrappers.FilterObservation(env, ["image", "direction"]))
    assert flat.observation_space.shape == (7 * 7 * 3 + 4,)


def test_flattening_is_advised_only_where_it_works():
    assert "FlattenObservation" in spaces.advice(Dict(a=Discrete(2), b=Box(0, 1, (2,))))
    assert "FlattenObservation" not in spaces.advice(MissionSpace(5))
    assert "take its entry" not in spaces.advice(Dict(a=MissionSpace(5)))


def test_an_observation_that_is_not_finite_or_of_another_shape_is_one_clear_error():
    agent = Experiment(Random(), "CartPole-v1", progress=False).learner
    with pytest.raises(UsageError, match=r"received nan at \[2\]; expected finite"):
        agent.act(np.array([0, 0, np.nan, 0], np.float32))
    with pytest.raises(UsageError, match=r"received -inf at \[1, 0\]; expected finite"):
        agent.act(np.array([[0, 0, 0, 0], [-np.inf, 0, 0, 0]], np.float32))
    with pytest.raises(UsageError, match=r"shape \(3,\); expected \(4,\) for one or \(n, 4\) for n\."):
        agent.act(np.zeros(3, np.float32))
    agent = Experiment(Random(), "lab/GridWorld-v0", progress=False).learner
    with pytest.raises(UsageError, match=r"expected \(\) for one or \(n,\) for n\."):
        agent.act(np.zeros((2, 2), np.int64))
