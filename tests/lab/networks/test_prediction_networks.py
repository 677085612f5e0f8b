"""What all networks for prediction have in common: shapes, a head, seeds, dropout, types, and being copied."""

from __future__ import annotations

import functools
import random

import keras
import numpy as np
import pytest

from lab import networks
from lab.errors import UsageError
from lab.networks import features_of
from lab.networks.names import settle_names

RNG = np.random.default_rng(0)
ROWS = 3


def normal(*shape):
    return RNG.standard_normal((ROWS, *shape)).astype(np.float32)


def ids(length, vocabulary=9):
    return RNG.integers(0, vocabulary, (ROWS, length)).astype(np.int32)


# A name, how it is built, what it is given, and the shape of a row of what it returns.
TEXT, AHEAD = (9, 4, 4), {"targets": 2, "quantiles": 3, "dropout": 0.1}
SMALL = {"width": 8, "depth": 1, "heads": 2}
KNOWN = {"past": normal(12, 3), "future": normal(5, 2)}
CASES = {
    "cnn": (networks.cnn, ((8, 8, 1), 4), {"filters": (4,), "hidden": 8}, normal(8, 8, 1), (4,)),
    "vgg": (networks.vgg, ((9, 7), 4), {"blocks": ((4, 2), (8, 1)), "hidden": (8,)}, normal(9, 7), (4,)),
    "resnet": (networks.resnet, ((8, 8, 3), 4), {"blocks": ((4, 1), (8, 1)), "dropout": 0.2}, normal(8, 8, 3), (4,)),
    "vit": (networks.vit, ((8, 8), 4), SMALL, normal(8, 8), (4,)),
    "bag": (networks.bag_of_embeddings, TEXT, {"width": 8, "hidden": (8,)}, ids(4), (4,)),
    "conv1d_text": (networks.conv1d_text, TEXT, {"width": 8, "filters": (8,)}, ids(4), (4,)),
    "recurrent_text": (networks.recurrent_text, TEXT, {"width": 8, "units": (8,)}, ids(4), (4,)),
    "transformer_text": (networks.transformer_text, TEXT, SMALL, ids(4), (4,)),
    "spectrogram": (networks.spectrogram_transformer, ((20, 6), 4), {**SMALL, "strides": (4,)}, normal(20, 6), (4,)),
    "perceptron": (networks.perceptron, (5, 4), {"hidden": (8,), "batch_norm": True, "dropout": 0.2}, normal(5), (4,)),
    "encoder_decoder": (networks.encoder_decoder, (9, 4, 5), SMALL, [ids(4), ids(5)], (5, 9)),
    "linear": (networks.linear_forecaster, (12, 5, 3), {"targets": 2, "quantiles": 3, "future": 2}, KNOWN, (5, 2, 3)),
    "recurrent": (
        networks.recurrent_forecaster, (12, 5, 3), {**AHEAD, "cell": "simple_rnn", "units": (8,)}, KNOWN["past"],
        (5, 2, 3),
    ),
    "conv1d": (networks.conv1d_forecaster, (12, 5, 3), {**AHEAD, "filters": 8, "future": 2}, KNOWN, (5, 2, 3)),
    "transformer": (
        networks.transformer_forecaster, (12, 5, 3), {**AHEAD, **SMALL, "patch": 3, "future": 2}, KNOWN, (5, 2, 3)
    ),
}  # fmt: skip
CLASSIFIERS = [name for name, case in CASES.items() if len(case[-1]) == 1]
FORECASTERS = [name for name, case in CASES.items() if len(case[-1]) == 3]


@functools.cache
def model_of(name):
    function, arguments, options, *_ = CASES[name]
    return function(*arguments, **options, seed=1)


def another(name, **options):
    function, arguments, given, *_ = CASES[name]
    return function(*arguments, **{**given, "seed": 1, **options})


def weights(model):
    return [np.asarray(w) for w in model.get_weights()]


@pytest.mark.parametrize("name", CASES)
def test_outputs_are_float32_of_their_shape_and_follow_the_input(name):
    given, shape = CASES[name][3:]
    out = model_of(name)(given)
    assert out.shape == (ROWS, *shape) and out.dtype == "float32" and np.isfinite(out).all()
    assert np.abs(out[0] - out[1]).max() > 1e-4, "two rows have the same outputs"


@pytest.mark.parametrize("name", [*CLASSIFIERS, "encoder_decoder"])
def test_the_head_is_a_linear_map_of_the_features(name):
    model, given = model_of(name), CASES[name][3]
    head = model.layers[-1]
    assert head.name == "head" and type(head) is keras.layers.Dense
    features = features_of(model)(given)
    np.testing.assert_allclose(features @ head.kernel + head.bias, model(given), atol=1e-5)


@pytest.mark.parametrize("name", CASES)
def test_equal_seeds_give_equal_weights_and_dropout_and_another_seed_does_not(name):
    model, again, given = another(name), another(name), CASES[name][3]
    for a, b in zip(weights(model), weights(again), strict=True):
        np.testing.assert_array_equal(a, b)
    first, second = model(given, training=True), model(given, training=True)
    np.testing.assert_array_equal(first, again(given, training=True))
    if name in FORECASTERS:
        # Their heads start at 0, and a linear one is nothing else.
        return
    assert np.abs(first - second).max() > 1e-4, "no dropout in training"
    np.testing.assert_array_equal(model(given), model(given))
    other = weights(another(name, seed=2))
    drawn = [i for i, w in enumerate(weights(model)) if w.ndim > 1 and w.std() > 0]
    assert drawn and all((weights(model)[i] != other[i]).any() for i in drawn)


@pytest.mark.parametrize("name", CASES)
def test_models_are_made_anew_from_their_configuration(name):
    model, given = model_of(name), CASES[name][3]
    again = keras.models.model_from_json(model.to_json())
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again(given), model(given))


@pytest.mark.parametrize("name", ["resnet", "vit", "conv1d_text", "recurrent_text", "encoder_decoder", "conv1d"])
def test_mixed_types_have_float32_weights_and_outputs(name):
    model, given = another(name, dtype="mixed_bfloat16"), CASES[name][3]
    out = model(given)
    assert out.dtype == "float32" and {v.dtype for v in model.trainable_variables} == {"float32"}
    np.testing.assert_allclose(out, model_of(name)(given), atol=0.3, rtol=0.1)


@pytest.mark.parametrize("name", ["resnet", "transformer_text"])
def test_settled_names_leave_the_head_its_own(name):
    model = another(name)
    settle_names(model)
    assert features_of(model)(CASES[name][3]).shape[0] == ROWS


def test_building_draws_from_no_generator_of_the_process():
    np.random.seed(5)
    random.seed(5)
    before = np.random.random(), random.random()
    np.random.seed(5)
    random.seed(5)
    for name in ("cnn", "recurrent_text"):
        another(name)
    assert (np.random.random(), random.random()) == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dropout": 1}, r"cnn: dropout received 1; expected a number from 0 to below 1\. Fix"),
        ({"filters": 8}, r"cnn: filters received 8; expected a sequence of whole numbers"),
        ({"filters": (8, 0)}, r"cnn: filters\[1\] received 0; expected a whole number >= 1"),
        ({"activation": "rulu"}, r"activation received 'rulu'"),
        ({"seed": 1.5}, r"seed received 1.5"),
        ({"outputs": 0}, r"cnn: outputs received 0"),
        ({"shape": (8,)}, r"cnn: shape received \(8,\); expected \(H, W\) or \(H, W, C\)"),
    ],
)
def test_bad_arguments_get_one_clear_error(options, message):
    with pytest.raises(UsageError, match=message):
        networks.cnn(**{"shape": (8, 8), "outputs": 2, **options})


def test_features_of_a_model_without_a_head_say_how_to_name_it():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    with pytest.raises(UsageError, match=r"a functional model with a layer called 'head'.*name='head'"):
        features_of(model)
    named = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3), keras.layers.Dense(1, name="head")])
    assert features_of(named)([np.ones((4, 2))]).shape == (4, 3)


@pytest.mark.parametrize("name", FORECASTERS)
def test_relative_forecasters_begin_as_the_naive_one(name):
    given = CASES[name][3]
    past = given["past"] if isinstance(given, dict) else given
    out = np.asarray(model_of(name)(given))
    np.testing.assert_allclose(out, np.broadcast_to(past[:, -1:, : out.shape[2], None], out.shape), atol=1e-6)
