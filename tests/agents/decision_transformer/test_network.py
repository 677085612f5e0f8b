"""The network: the order of its tokens, what each prediction may see, and padding."""

import numpy as np
import pytest
import tensorflow as tf

from agents.decision_transformer.network.network import Window
from agents.decision_transformer.network.tokens import mirrored_return_features, return_features
from tests.agents.decision_transformer.helpers import built


def window(steps=5, seed=0, rows=2):
    rng = np.random.default_rng(seed)
    return Window(
        tf.constant(rng.normal(size=(rows, steps)), tf.float32),
        tf.constant(rng.normal(size=(rows, steps, 2)), tf.float32),
        tf.one_hot(rng.integers(2, size=(rows, steps)), 2),
        tf.tile(tf.range(steps)[None], (rows, 1)),
    )


def test_tokens_stand_in_the_order_return_observation_action():
    network = built().network
    steps = window()
    tokens = network.tokens(steps).numpy()
    assert tokens.shape == (2, 15, 8)
    position = network.positions(steps.timesteps).numpy()
    parts = (
        network.encode_return(steps.returns[..., None]).numpy(),
        tf.reshape(network.encode_observation(tf.reshape(steps.features, (-1, 2))), (2, 5, 8)).numpy(),
        network.encode_action(steps.actions).numpy(),
    )
    for place, part in enumerate(parts):
        kind = network.kinds.numpy()[place]
        np.testing.assert_allclose(tokens[:, place::3], part + position + kind, atol=1e-6)


@pytest.mark.parametrize("positions", ["timestep", "relative"])
def test_a_prediction_sees_nothing_from_its_own_action_on(positions):
    network = built(positions=positions).network
    steps, other = window(), window(seed=1)
    first = network(steps).numpy()
    for t in range(5):
        for name, begin, sees in (("actions", t, False), ("returns", t + 1, False), ("features", t + 1, False),
                                  ("returns", t, True), ("features", t, True)):  # fmt: skip
            mine, theirs = getattr(steps, name), getattr(other, name)
            if name == "actions":
                theirs = mine[..., ::-1]
            changed = steps._replace(**{name: tf.concat([mine[:, :begin], theirs[:, begin:]], axis=1)})
            differs = np.abs(network(changed).numpy() - first)
            assert differs[:, :t].max(initial=0) < 1e-6
            assert (differs[:, t].max() > 1e-5) == sees, (t, name)
    earlier = steps._replace(actions=tf.concat([steps.actions[:, :1, ::-1], steps.actions[:, 1:]], axis=1))
    assert np.abs(network(earlier).numpy() - first)[:, 1:].min(axis=(0, 2)).max() > 1e-5, "a past action is seen"


def test_waves_of_returns_by_hand():
    expected = [[0.25, np.sqrt(0.5), 1.0, np.sqrt(0.5), 0.0], [-1.0, 0.0, 0.0, -1.0, 1.0]]
    for found in (return_features(tf.constant([0.25, -1.0]), 2), mirrored_return_features(np.float32([0.25, -1.0]), 2)):
        np.testing.assert_allclose(found, expected, atol=1e-6)
    assert built(return_octaves=2).network(window()).shape == (2, 5, 2)


@pytest.mark.parametrize("positions", ["timestep", "relative"])
def test_padding_changes_nothing(positions):
    network = built(positions=positions).network
    steps, filling = window(), window(steps=3, seed=1)
    first = network(steps).numpy()
    padded = Window(*(tf.concat([f, s], axis=1) for f, s in zip(filling, steps, strict=True)))
    present = tf.constant([[False] * 3 + [True] * 5] * 2)
    np.testing.assert_allclose(network(padded, present)[:, 3:], first, atol=1e-5)


def test_the_attention_map_is_that_of_the_forward_pass():
    network = built(heads=2).network
    shares = network.attention(window())
    assert len(shares) == 2 and shares[0].shape == (2, 2, 15, 15)
    for block in shares:
        np.testing.assert_allclose(block.numpy().sum(axis=-1), 1.0, atol=1e-5)
        assert np.abs(np.triu(block.numpy(), 1)).max() == 0
