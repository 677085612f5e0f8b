"""Two inputs compared by one encoder, and several inputs and outputs joined."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from lab.errors import UsageError
from lab.networks import bag_of_embeddings, cnn, features_of, multi_input, siamese

RNG = np.random.default_rng(0)


def as_it_is():
    x = keras.Input((2,))
    return keras.Model(x, keras.layers.Identity()(x))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"measure": "distance"}, [5.0, 0.0, np.sqrt(2)]),
        ({"measure": "cosine"}, [-1.0, 1.0, 0.0]),
        ({"measure": "manhattan"}, [np.exp(-7), 1.0, np.exp(-2)]),
        ({"measure": "distance", "normalise": True}, [2.0, 0.0, np.sqrt(2)]),
    ],
)
def test_measures_by_hand(options, expected):
    first = np.array([[1.5, 2.0], [3.0, 4.0], [1.0, 0.0]], np.float32)
    second = np.array([[-1.5, -2.0], [3.0, 4.0], [0.0, 1.0]], np.float32)
    np.testing.assert_allclose(siamese(as_it_is(), **options)([first, second]), expected, atol=2e-6)


def test_the_encoder_is_shared_and_its_gradient_is_finite_for_equal_inputs():
    encoder = features_of(cnn((8, 8), 3, filters=(4,), hidden=8, dropout=0.0, seed=1))
    model = siamese(encoder)
    assert len(model.trainable_variables) == len(encoder.trainable_variables)
    one, other = RNG.standard_normal((2, 3, 8, 8)).astype(np.float32)
    gap = np.linalg.norm(encoder(one) - encoder(other), axis=1)
    np.testing.assert_allclose(model([one, other]), gap, rtol=1e-4)
    np.testing.assert_allclose(model([other, one]), gap, rtol=1e-4)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model([one, one]))
    assert all(np.isfinite(g).all() for g in tape.gradient(loss, [v.value for v in model.trainable_variables]))


@pytest.fixture(scope="module")
def joined():
    words = features_of(bag_of_embeddings(9, 4, 2, width=8, hidden=(8,), seed=1))
    shapes = {"left": (8, 8), "right": (8, 8, 3), "row": (5,), "words": words}
    return multi_input(shapes, {"kind": 3, "weight": 1}, filters=(4,), units=(8,), hidden=(8,), seed=1)


def test_each_output_sees_each_input_by_name(joined):
    given = {
        "left": RNG.standard_normal((2, 8, 8)).astype(np.float32),
        "right": RNG.standard_normal((2, 8, 8, 3)).astype(np.float32),
        "row": RNG.standard_normal((2, 5)).astype(np.float32),
        "words": RNG.integers(1, 9, (2, 4)).astype(np.int32),
    }
    first = {name: np.asarray(out) for name, out in joined(given).items()}
    assert {name: out.shape for name, out in first.items()} == {"kind": (2, 3), "weight": (2, 1)}
    for name, value in given.items():
        for output, out in joined({**given, name: value[::-1]}).items():
            assert np.abs(out - first[output]).max() > 1e-5, (name, output)
    turned = joined(dict(reversed(given.items())))
    np.testing.assert_array_equal(turned["kind"], first["kind"])


def test_heads_are_named_by_their_outputs_and_one_alone_gives_features(joined):
    assert {layer.name for layer in joined.layers} >= {"head_kind", "head_weight", "encoder_left", "encoder_right"}
    alone = multi_input({"row": (5,)}, {"kind": 3}, hidden=(8,))
    assert features_of(alone)({"row": np.ones((2, 5), np.float32)}).shape == (2, 8)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: siamese(as_it_is(), measure="angle"), "measure received 'angle'; expected one of distance, cosine"),
        (lambda: siamese(keras.Sequential()), "encoder received .*; expected a built model from one input to vectors"),
        (lambda: multi_input({}, {"kind": 3}), "inputs received {}; expected a dict with one entry or more"),
        (lambda: multi_input({"a": (2, 2, 2, 2)}, {"kind": 3}), r"inputs\['a'\] received \(2, 2, 2, 2\)"),
        (lambda: multi_input({"a": (2,)}, {"kind": 0}), "outputs received 0"),
    ],
)
def test_bad_arguments_get_one_clear_error(build, message):
    with pytest.raises(UsageError, match=message):
        build()
