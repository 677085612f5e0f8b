"""What forecasters see: no order of time is broken, levels are carried over, and linear maps are those by hand."""

from __future__ import annotations

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from lab.errors import UsageError
from lab.networks import conv1d_forecaster, linear_forecaster, recurrent_forecaster, transformer_forecaster
from lab.networks.builder import Builder
from lab.networks.forecasters.conv1d import causal, depth_for, reach
from lab.networks.forecasters.linear import moving_average

SIZE = {"targets": 2, "quantiles": 3, "future": 2}
CASES = {
    "linear": functools.partial(linear_forecaster, 12, 4, 3, **SIZE),
    "recurrent": functools.partial(recurrent_forecaster, 12, 4, 3, cell="gru", units=(8,), hidden=8, **SIZE),
    "conv1d": functools.partial(conv1d_forecaster, 12, 4, 3, filters=8, hidden=8, **SIZE),
    "transformer": functools.partial(transformer_forecaster, 12, 4, 3, width=8, depth=1, heads=2, hidden=8, **SIZE),
}


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


@functools.cache
def awake(name):
    """Return a forecaster whose heads, 0 at first, are not."""
    model = CASES[name]()
    for i, variable in enumerate(model.trainable_variables):
        if not np.asarray(variable).any():
            variable.assign(0.3 * normal(*variable.shape, seed=i))
    return model


@pytest.mark.parametrize("name", CASES)
def test_a_level_is_carried_over_from_the_last_known_values(name):
    model, past, future = awake(name), normal(2, 12, 3), normal(2, 4, 2)
    level = np.array([7.0, -3.0, 0.0], np.float32)
    first, raised = (np.asarray(model({"past": p, "future": future})) for p in (past, past + level))
    np.testing.assert_allclose(raised, first + level[:2, None], atol=1e-4)


@pytest.mark.parametrize("name", CASES)
def test_all_known_steps_are_seen_and_what_is_known_of_a_step_ahead_moves_that_step_only(name):
    model, past, future = awake(name), normal(2, 12, 3), normal(2, 4, 2)
    first = np.asarray(model({"past": past, "future": future}))
    for channel in range(3):
        changed = past.copy()
        changed[:, 0, channel] += 1
        assert (np.abs(model({"past": changed, "future": future}) - first).max(axis=(1, 2, 3)) > 1e-5).all()
    changed = future.copy()
    changed[:, 2] += 1
    differs = np.abs(model({"past": past, "future": changed}) - first).max(axis=(0, 2, 3))
    assert differs[2] > 1e-3 and np.delete(differs, 2).max() < 1e-6


def test_without_covariates_the_past_alone_is_given():
    model, past = recurrent_forecaster(12, 1, 2, cell="simple_rnn", units=(4,), targets=2), normal(3, 12, 2)
    assert model(past).shape == (3, 1, 2, 1)
    np.testing.assert_array_equal(model(past)[..., 0], past[:, -1:])


@pytest.mark.parametrize("individual", [False, True])
def test_a_linear_forecaster_is_its_map_by_hand(individual):
    model = linear_forecaster(8, 4, 2, targets=2, individual=individual, window=3, relative=False)
    past = normal(3, 8, 2)
    maps = [normal(2, 8, 4, seed=i) for i in range(2)] if individual else [normal(8, 4, seed=i) for i in range(2)]
    kernels = [v for v in model.trainable_variables if v.path.endswith("kernel")]
    for kernel, value in zip(kernels, maps, strict=True):
        kernel.assign(value)
    trend = np.stack(
        [np.convolve(np.pad(row, 1, "edge"), np.ones(3) / 3, "valid") for row in past.transpose(0, 2, 1).reshape(6, 8)]
    )
    trend = trend.reshape(3, 2, 8)
    rest = past.transpose(0, 2, 1) - trend
    rule = "btc,tcu->but" if individual else "btc,cu->but"
    expected = np.einsum(rule, trend, maps[0]) + np.einsum(rule, rest, maps[1])
    np.testing.assert_allclose(np.asarray(model(past))[..., 0], expected, atol=1e-4)


def test_moving_averages_by_hand():
    row = np.array([3.0, 6.0, 9.0, 0.0])
    np.testing.assert_allclose(row @ moving_average(4, 3), [4, 6, 5, 3], atol=1e-6)
    np.testing.assert_allclose(row @ moving_average(4, 2), [4.5, 7.5, 4.5, 0], atol=1e-6)
    np.testing.assert_allclose(moving_average(4, 25).sum(axis=0), np.ones(4), atol=1e-6)
    with pytest.raises(UsageError, match="context received 10000; expected at most 8,192 steps"):
        linear_forecaster(10_000, 1)


@pytest.mark.parametrize(("kernel", "depth"), [(2, 3), (3, 2)])
def test_causal_convolutions_see_as_far_back_as_they_say_and_nothing_later(kernel, depth):
    x = keras.Input((20, 1))
    model = keras.Model(x, causal(Builder("conv1d_forecaster", "tanh", 0.0, 1, "float32"), x, 4, kernel, depth))
    series = tf.constant(normal(1, 20, 1))
    with tf.GradientTape() as tape:
        tape.watch(series)
        step = tf.reduce_sum(model(series)[:, 14])
    seen = np.flatnonzero(np.abs(tape.gradient(step, series)[0, :, 0]) > 0)
    assert seen.max() == 14 and seen.min() == 14 - reach(kernel, depth) + 1


def test_the_depth_is_the_fewest_convolutions_that_see_the_context():
    assert [reach(3, depth) for depth in (1, 2, 3)] == [3, 7, 15]
    assert [depth_for(context, 3) for context in (1, 3, 4, 7, 8, 15, 16)] == [1, 1, 2, 2, 3, 3, 4]


@pytest.mark.parametrize("pooling", ["flat", "last", "mean"])
def test_transformers_read_the_horizon_from_their_tokens(pooling):
    model = transformer_forecaster(12, 4, patch=3, width=8, depth=1, heads=2, pooling=pooling)
    assert model.get_layer("head").input.shape[1:] == ((4 * 8,) if pooling == "flat" else (8,))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: linear_forecaster(12, 4, 1, targets=2), "targets received 2; expected at most the channels, 1"),
        (lambda: linear_forecaster(12, 0), "horizon received 0; expected a whole number >= 1"),
        (lambda: conv1d_forecaster(12, 4, kernel=1), "kernel received 1; expected 2 or more"),
        (lambda: transformer_forecaster(12, 4, patch=5), "patch received 5; expected a divisor of the context, 12"),
        (lambda: recurrent_forecaster(12, 4, cell="elman"), "cell received 'elman'"),
    ],
)
def test_bad_arguments_get_one_clear_error(build, message):
    with pytest.raises(UsageError, match=message):
        build()
