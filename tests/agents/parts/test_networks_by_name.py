"""Published networks, by name and by the numbers of their papers, and one encoder for each entry of a Dict."""

import keras
import numpy as np
import pytest
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Tuple

from agents.parts import observations
from agents.parts.encoding import features, pure_features
from agents.parts.networks.inputs import parts_of
from agents.structured import packed
from lab import networks
from lab.errors import UsageError


def test_the_published_networks_have_the_published_numbers_of_weights():
    # Mnih et al. (2015): 8 x 8 x 4 -> 32, 4 x 4 x 32 -> 64, 3 x 3 x 64 -> 64, 7 x 7 x 64 -> 512 -> actions.
    nature = 8_224 + 32_832 + 36_928 + 1_606_144 + 513 * 6
    assert networks.nature_cnn((84, 84, 4), 6).count_params() == nature == 1_687_206
    # Young and Tian (2019): 3 x 3 x 4 -> 16, 8 x 8 x 16 -> 128 -> actions.
    assert networks.minatar_cnn((10, 10, 4), 6).count_params() == 592 + 131_200 + 129 * 6
    # Espeholt et al. (2018): sections of 16, 32 and 32 filters with four 3 x 3 convolutions after the first.
    sections = (448 + 4 * 2_320) + (4_640 + 4 * 9_248) + (9_248 + 4 * 9_248)
    assert networks.impala_resnet((64, 64, 3), 15).count_params() == sections + (8 * 8 * 32 + 1) * 256 + 257 * 15
    wide = networks.minatar_cnn((10, 10, 4), 6, width=2).count_params()
    assert wide == 1_184 + (8 * 8 * 32 + 1) * 128 + 129 * 6
    token, block = 5 * 64 + 8 * 64, 12 * 64 * 64 + 13 * 64
    assert networks.history_transformer((8, 4), 2).count_params() == token + 2 * block + 2 * 64 + 65 * 2


@pytest.mark.parametrize(
    ("name", "space"),
    [
        ("nature_cnn", Box(0, 255, (36, 36, 1), np.uint8)),
        ("impala_resnet", Box(0, 255, (8, 8, 2), np.uint8)),
        ("minatar_cnn", Box(0, 1, (5, 5, 2), np.uint8)),
        ("transformer", Box(-1, 1, (3, 2), np.float32)),
    ],
)
def test_networks_by_name_take_features_and_end_with_a_dense_layer(name, space):
    observations.check_observations("DQN", space, name)
    net = observations.network(space, (4,), (8,), 3, 0, architecture=name)
    again = observations.network(space, (4,), (8,), 3, 0, architecture=name)
    rows = features(space, np.stack([space.sample(), space.sample()]))
    outputs = np.asarray(net(rows))
    assert outputs.shape == (2, 3) and np.array_equal(outputs, np.asarray(again(rows)))
    assert isinstance(net.layers[-1], keras.layers.Dense) and len(net.variables) == len(net.trainable_variables)
    shaped = observations.network(space, (4,), (8,), (3, 2), 0, architecture=name)
    assert shaped.output_shape == (None, 3, 2)


def test_a_history_is_read_from_its_newest_observation_and_the_places_matter():
    net = networks.history_transformer((3, 2), 1)
    history = np.array([[[1, 2], [3, 4], [5, 6]]], np.float32)
    outputs = [float(np.asarray(net(h))[0, 0]) for h in (history, history[:, [1, 0, 2]], history[:, ::-1])]
    assert abs(outputs[0] - outputs[1]) > 1e-7 and abs(outputs[0] - outputs[2]) > 1e-4


@pytest.mark.parametrize(
    ("name", "space", "words"),
    [
        ("nature_cnn", Box(-1, 1, (4,)), "architecture received 'nature_cnn'; expected 'auto' or 'mlp'"),
        ("transformer", Box(-1, 1, (4,)), r"no history, a Box \(K, d\).*FrameStackObservation"),
        ("auto", Box(-1, 1, (3, 4)), "more than one way"),
    ],
)
def test_a_network_that_does_not_suit_the_observations_is_one_clear_line(name, space, words):
    with pytest.raises(UsageError, match=words):
        observations.check_observations("DQN", space, name)


def test_a_picture_too_small_for_a_published_network_says_so():
    with pytest.raises(UsageError, match=r"shape received \(35, 40, 1\); expected sides of 36 or more"):
        networks.nature_cnn((35, 40, 1), 2)


def test_each_entry_has_its_encoder_and_they_lie_side_by_side():
    space = packed(
        Dict(
            image=Box(0, 255, (3, 3, 1), np.uint8),
            direction=Discrete(3, start=1),
            more=Tuple([MultiBinary(2), MultiDiscrete([2, 3])]),
        )
    )
    image = np.arange(9, dtype=np.uint8).reshape(3, 3, 1)
    row = space.pack({"image": image, "direction": 2, "more": (np.array([0, 1]), np.array([1, 2]))})
    assert row.dtype == np.uint8
    found = {part.name: features(space, row[None])[0, part.start : part.stop] for part in parts_of(space)}
    assert found["direction"].tolist() == [0, 1, 0]
    assert np.allclose(found["image"], np.arange(9) / 255)
    assert found["more.0"].tolist() == [0, 1] and found["more.1"].tolist() == [0, 1, 0, 0, 1]
    assert np.array_equal(np.asarray(pure_features(space, keras.ops.convert_to_tensor(row[None])))[0],
                          features(space, row[None])[0])  # fmt: skip
    net = observations.network(space, (2,), (), 1, 0)
    # One 3 x 3 filter sees all of the picture: two numbers of it, then 3 + 2 + 5 of the others.
    convolution, head = (
        layer for layer in net._flatten_layers(include_self=False) if layer.weights and not layer._layers
    )
    convolution.set_weights([np.ones((3, 3, 1, 2), np.float32), np.array([0.0, 1.0], np.float32)])
    head.set_weights([np.arange(1.0, 13.0, dtype=np.float32)[:, None], np.zeros(1, np.float32)])
    seen = [36 / 255, 36 / 255 + 1, *found["direction"], *found["more.0"], *found["more.1"]]
    expected = sum(number * (i + 1) for i, number in enumerate(seen))
    assert np.isclose(float(np.asarray(net(features(space, row[None])))[0, 0]), expected)


def test_several_choices_alone_are_one_hot_rows():
    for space, values in ((MultiDiscrete([2, 3]), [1, 2]), (Tuple([Discrete(2), Discrete(3)]), [1, 2])):
        observations.check_observations("DQN", space)
        found = features(space, np.array([values]))
        assert found.tolist() == [[0, 1, 0, 0, 1]] and observations.number_of_features(space) == 5
        assert np.array_equal(np.asarray(pure_features(space, keras.ops.convert_to_tensor([values]))), found)
