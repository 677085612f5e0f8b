import json

import numpy as np
import pytest
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Tuple

from agents import spaces
from lab.errors import UsageError

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
