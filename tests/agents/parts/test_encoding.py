import json

import gymnasium
import numpy as np
import pytest
import tensorflow as tf
from gymnasium.spaces import Box, Discrete
from gymnasium.wrappers import FrameStackObservation

from agents import DQN
from agents.parts import observations as features
from agents.parts.encoding import PLAIN, check_described, encoding
from lab import Experiment, registry
from lab.errors import CheckpointError, UsageError
from lab.networks import convnet
from tests.agents.odd_environments import Scripted


def picture(*shape, high=255, dtype=np.uint8):
    return Box(0, high, shape, dtype)


@pytest.mark.parametrize(
    ("shape", "expected", "words"),
    [
        ((84, 84, 3), (84, 84, 3), "(height, width, channels)"),
        ((210, 160, 3), (210, 160, 3), "(height, width, channels)"),
        ((3, 210, 160), (210, 160, 3), "(channels or stacked frames, height, width)"),
        ((4, 84, 84), (84, 84, 4), "(channels or stacked frames, height, width)"),
        ((10, 10, 16), (10, 10, 16), "(height, width, channels)"),
        ((5, 4, 26), (5, 4, 26), "(height, width, channels)"),
        ((84, 84), (84, 84, 1), "(height, width) of one gray picture"),
        ((4, 84, 84, 3), (84, 84, 12), "(stacked frames, height, width, channels)"),
        ((4, 3, 84, 96), (84, 96, 12), "(stacked frames, channels, height, width)"),
    ],
)
def test_both_layouts_are_read_and_said(shape, expected, words):
    found = encoding(picture(*shape))
    assert (found.picture, found.layout) == (expected, words)


@pytest.mark.parametrize("shape", [(8, 8, 8), (16, 12, 9), (84, 84, 3, 4), (2, 2, 2, 2, 2), (4, 84), (3, 64, 4)])
def test_what_could_be_read_in_two_ways_is_refused(shape):
    words = r"DQN received the observation space Box of shape .* more than one way.* Fix: .*FlattenObservation"
    with pytest.raises(UsageError, match=words):
        features.check_observations("DQN", picture(*shape))


def test_the_projects_own_pictures_are_read_as_they_are_drawn():
    registry.load_environments()
    seen = 0
    for name in [name for name in gymnasium.registry if name.startswith("lab/")]:
        space = gymnasium.make(name, disable_env_checker=True).observation_space
        if isinstance(space, Box) and len(space.shape) > 1:
            seen += 1
            assert encoding(space).layout == PLAIN and encoding(space).picture == space.shape
    assert seen


@pytest.mark.parametrize("shape", [(4, 12, 10), (4, 12, 10, 3), (12, 10, 4), (2, 3, 12, 10)])
def test_networks_get_channels_last_in_both_lanes(shape):
    space, rng = picture(*shape), np.random.default_rng(0)
    rows = rng.integers(256, size=(5, *shape), dtype=np.uint8)
    how = encoding(space)
    found = features.features(space, rows)
    pictures = found.reshape(5, *how.picture) * 255
    last = shape[-1]
    frames = {
        (4, 12, 10): lambda r, y, x, c: r[c, y, x],
        (12, 10, 4): lambda r, y, x, c: r[y, x, c],
        (4, 12, 10, 3): lambda r, y, x, c: r[c // last, y, x, c % last],
        (2, 3, 12, 10): lambda r, y, x, c: r[c // 3, c % 3, y, x],
    }[shape]
    for i, y, x, c in ((0, 0, 0, 0), (4, 11, 9, 3), (2, 7, 5, 1), (3, 2, 8, how.picture[2] - 1)):
        assert round(float(pictures[i, y, x, c])) == int(frames(rows[i], y, x, c))
    assert np.array_equal(features.pure_features(space, tf.constant(rows)).numpy(), found)
    ahead = features.features(space, rows.reshape(1, 5, *shape))
    assert np.array_equal(ahead[0], found)


@pytest.mark.parametrize(
    ("space", "value", "expected"),
    [
        (Box(0, 4, (3,), np.uint8), [0, 2, 4], [0.0, 0.5, 1.0]),
        (Box(0, 1, (3,), np.uint8), [0, 1, 1], [0.0, 1.0, 1.0]),
        (Box(np.zeros(3), np.array([255, 10, 4]), dtype=np.uint8), [255, 5, 1], [1.0, 0.5, 0.25]),
        (Box(0, 255, (3,), np.uint8), [0, 51, 255], [0.0, 0.2, 1.0]),
        (Box(0, 255, (3,), np.float32), [0, 51, 255], [0.0, 51.0, 255.0]),
        (Box(-8, 8, (3,), np.int64), [-8, 0, 8], [-8.0, 0.0, 8.0]),
    ],
)
def test_bytes_are_divided_by_their_own_bound_and_other_vectors_by_none(space, value, expected):
    rows = np.array([value], space.dtype)
    assert features.features(space, rows)[0] == pytest.approx(expected)
    assert features.pure_features(space, tf.constant(rows)).numpy()[0] == pytest.approx(expected)


@pytest.mark.parametrize(("dtype", "high"), [(np.float32, 255.0), (np.int64, 255), (np.float64, 10.0)])
def test_pictures_of_any_dtype_are_brought_to_one_by_their_bound(dtype, high):
    space = picture(12, 12, 3, high=high, dtype=dtype)
    assert features.features(space, np.full((1, 12, 12, 3), high, dtype)).max() == 1.0
    assert encoding(picture(12, 12, 3, high=1.0, dtype=np.float32)).divisor is None


def test_stacked_frames_train_as_a_picture_of_as_many_channels(tmp_path, capsys):
    def make():
        return FrameStackObservation(Scripted(picture(12, 12), length=20), 4)

    experiment = Experiment(DQN(filters=(2,), hidden_sizes=(4,), learning_starts=8, batch_size=2), make,
                            run_dir=tmp_path / "run", progress=False)  # fmt: skip
    assert experiment.learner.online.layers[0].target_shape == (12, 12, 4)
    assert "pictures (4, 12, 12) are read as (channels or stacked frames, height, width)" in capsys.readouterr().err
    assert experiment.task.describe()["observation_layout"] == "(channels or stacked frames, height, width)"
    assert experiment.learner.memory.storage.frames.dtype == np.uint8
    experiment.train(12)


def test_a_picture_too_small_for_its_convolutions_is_refused():
    with pytest.raises(UsageError, match=r"1 x 1; 1 convolutions of 3 x 3 need 3 x 3. Fix: fewer filters"):
        convnet((1, 1, 1), (4,), (4,), 2, 0)
    space = Box(0, 255, (5, 5, 3), np.uint8)
    with pytest.raises(UsageError, match="5 x 5; 3 convolutions of 3 x 3 need 7 x 7"):
        features.network(space, (4, 4, 4), (4,), 2, 0)
    assert features.network(space, (4, 4), (4,), 2, 0).output_shape == (None, 2)


def test_discrete_observations_need_no_layout():
    features.check_observations("DQN", Discrete(3))


@pytest.mark.parametrize(
    ("space", "fits"),
    [
        (Box(0, 255, (12, 12, 3), np.uint8), True),
        (Box(0, 1, (12, 12, 3), np.float32), True),
        (Box(-1, 1, (3,), np.float32), True),
        (Box(0, 255, (3,), np.uint8), True),
        (Box(0, 4, (3,), np.uint8), False),
        (Box(0, 255, (12, 12, 3), np.float32), False),
        (Box(0, 255, (4, 12, 12), np.uint8), False),
        (Discrete(3), True),
    ],
)
def test_a_run_of_the_version_before_opens_only_where_it_read_observations_alike(space, fits, tmp_path):
    if fits:
        check_described({}, space)
    else:
        with pytest.raises(CheckpointError, match=r"of an earlier version of lab.* Fix: train it again"):
            check_described({}, space)
    check_described({"observation_layout": None}, space)


def test_opening_and_resuming_look_at_how_a_run_read_its_observations(tmp_path):
    def make():
        return Scripted(Box(0, 4, (3,), np.uint8))

    settings = {"hidden_sizes": (4,), "learning_starts": 8, "batch_size": 2, "replay_capacity": 32}
    run = tmp_path / "run"
    Experiment(DQN(**settings), make, run_dir=run, progress=False).train(4)
    Experiment.open(run, source=make)
    config = json.loads((run / "config.json").read_text())
    del config["task"]["observation_layout"]
    (run / "config.json").write_text(json.dumps(config))
    for act in (Experiment.open, Experiment.resume):
        with pytest.raises(CheckpointError, match="of an earlier version of lab"):
            act(run, source=make)
