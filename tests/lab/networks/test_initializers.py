"""How weights start: variances against the papers' formulas, what they are for, and seeds."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from lab.errors import UsageError
from lab.networks import initializer_for
from lab.networks.initializers import KNOWN, LEAKY_SLOPE, Seeds

DENSE, CONV = (400, 300), (3, 3, 40, 120)


@pytest.mark.parametrize(
    ("activation", "variance"),
    [
        ("relu", lambda fan_in, fan_out: 2 / fan_in),
        ("gelu", lambda fan_in, fan_out: 2 / fan_in),
        ("leaky_relu", lambda fan_in, fan_out: 2 / (1.04 * fan_in)),
        ("selu", lambda fan_in, fan_out: 1 / fan_in),
        ("tanh", lambda fan_in, fan_out: 2 / (fan_in + fan_out)),
        (None, lambda fan_in, fan_out: 2 / (fan_in + fan_out)),
    ],
)
def test_variances_are_those_of_the_papers(activation, variance):
    for shape, fans in ((DENSE, (400, 300)), (CONV, (9 * 40, 9 * 120))):
        drawn = np.asarray(initializer_for(activation, 3)(shape))
        assert drawn.mean() == pytest.approx(0, abs=1e-3)
        assert drawn.var() == pytest.approx(variance(*fans), rel=0.03)


def test_every_known_activation_is_one_of_keras_and_the_slope_is_too():
    for name in KNOWN:
        assert callable(keras.activations.get(name)), name
        assert initializer_for(name, 0) is not None
    assert float(keras.activations.leaky_relu(np.float32(-1))) == pytest.approx(-LEAKY_SLOPE)


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "selu"])
def test_signals_keep_their_size_through_many_layers(activation):
    seeds = Seeds(1)
    x = np.random.default_rng(0).standard_normal((64, 256)).astype(np.float32)
    for _ in range(20):
        x = np.asarray(
            keras.activations.get(activation)(x @ np.asarray(initializer_for(activation, seeds())((256, 256))))
        )
    # With Glorot's half of the variance relu would leave 2^-20 of it.
    assert 0.2 < np.mean(x**2) < 5


def test_an_unknown_activation_is_named_with_the_nearest_one():
    with pytest.raises(UsageError, match=r"activation received 'rellu'; expected one of .* Fix: activation='relu'"):
        initializer_for("rellu", 0)


def test_seeds_follow_from_one_and_neighbours_share_none():
    drawn = {seed: [source() for _ in range(200)] for seed in range(5) for source in [Seeds(seed)]}
    again = Seeds(3)
    assert [again() for _ in range(200)] == drawn[3]
    everything = [one for each in drawn.values() for one in each]
    assert len(set(everything)) == len(everything) and max(everything) < 2**30
    with pytest.raises(UsageError, match="seed received -1; expected a whole number >= 0"):
        Seeds(-1)
