"""Critics as batched products, beside networks of Keras with the same weights."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from agents.off_policy.ensemble import EPSILON, MOMENTUM, Ensemble

ROWS = np.random.default_rng(0).normal(size=(7, 3)).astype(np.float32)


def with_noise(weights):
    rng = np.random.default_rng(1)
    return tuple(tf.constant(w + 0.3 * rng.normal(size=w.shape).astype(np.float32)) for w in weights)


def keras_critic(weights, critic, normalisation):
    """One critic of an ensemble with two hidden layers, in layers of Keras."""
    kernels, scales = [w[critic] for w in weights[:6]], [w[critic, 0] for w in weights[6:]]
    layers = [keras.Input((3,))]

    def norm(place):
        if normalisation == "layer":
            made = keras.layers.LayerNormalization(epsilon=EPSILON)
        else:
            made = keras.layers.BatchNormalization(momentum=MOMENTUM, epsilon=EPSILON)
        made.build((None, len(scales[2 * place])))
        made.gamma.assign(scales[2 * place])
        made.beta.assign(scales[2 * place + 1])
        return made

    if normalisation == "batch":
        layers.append(norm(0))
    for i in range(3):
        dense = keras.layers.Dense(kernels[2 * i].shape[1])
        dense.build((None, kernels[2 * i].shape[0]))
        dense.kernel.assign(kernels[2 * i])
        dense.bias.assign(kernels[2 * i + 1][0])
        layers.append(dense)
        if i < 2:
            layers += [norm(i)] if normalisation == "layer" else []
            layers.append(keras.layers.ReLU())
            layers += [norm(i + 1)] if normalisation == "batch" else []
    return keras.Sequential(layers)


@pytest.mark.parametrize("normalisation", ["none", "layer", "batch"])
def test_each_critic_is_the_network_that_keras_makes_of_its_weights(normalisation):
    ensemble = Ensemble(2, 3, (5, 4), 2, normalisation)
    weights, statistics = with_noise(ensemble.start(3)), tuple(map(tf.constant, ensemble.no_statistics()))
    trained, after = ensemble.train(weights, tf.constant(ROWS), statistics)
    for critic in range(2):
        network = keras_critic([w.numpy() for w in weights], critic, normalisation)
        assert np.allclose(trained[critic], network(ROWS, training=True), atol=1e-5)
        # Its running statistics have taken in that batch by now, as `after` has.
        assert np.allclose(ensemble(weights, tf.constant(ROWS), after)[critic], network(ROWS), atol=1e-5)


def test_critics_start_apart_and_like_other_networks():
    ensemble = Ensemble(3, 3, (64,), 1)
    kernel, bias, last, _ = ensemble.start(3)
    assert kernel.shape == (3, 3, 64) and bias.shape == (3, 1, 64) and last.shape == (3, 64, 1)
    assert not np.allclose(kernel[0], kernel[1]) and not np.allclose(kernel[1], kernel[2])
    # He et al. 2015: uniform up to the root of 6 over the inputs.
    assert np.abs(kernel).max() == pytest.approx(np.sqrt(6 / 3), rel=0.02)
    assert all(np.array_equal(a, b) for a, b in zip(ensemble.start(3), ensemble.start(3), strict=True))
    assert ensemble.no_statistics() == ()
