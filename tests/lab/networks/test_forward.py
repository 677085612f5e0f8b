"""A network acts alike through its mirror and compiled, and follows its weights when it is told to."""

import keras
import numpy as np
import pytest

from lab.networks import Forward


@pytest.mark.parametrize("activation", ["relu", "tanh", "elu"])
def test_it_follows_weights_that_have_changed(activation):
    layers = [keras.Input((2,)), keras.layers.Dense(3, activation), keras.layers.Dense(2)]
    model = keras.Sequential(layers)
    forward, given = Forward(model), np.float32([[1.0, -2.0], [0.5, 3.0]])
    assert (forward.mirror is None) == (activation == "elu"), "only chains with ReLU or tanh are mirrored"
    np.testing.assert_allclose(forward(given), model(given), atol=1e-6)
    before = forward(given)
    for weight in model.trainable_variables:
        weight.assign(weight + 0.5)
    forward.renew()
    np.testing.assert_allclose(forward(given), model(given), atol=1e-6)
    assert np.abs(forward(given) - before).max() > 0.1
    for weight in model.trainable_variables:
        weight.assign(weight - 1.0)
    forward.renew([w.numpy() for w in model.trainable_variables])
    assert not forward.stale
    np.testing.assert_allclose(forward(given), model(given), atol=1e-6)
