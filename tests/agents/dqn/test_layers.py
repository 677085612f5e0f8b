"""Dueling, noisy and implicit layers, by hand and by their statistics."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from agents.dqn.layers.implicit import ImplicitNetwork, cosines, midpoints
from agents.dqn.layers.noise import NoisyDense, drawn
from agents.dqn.layers.tail import dueling, with_tail
from envs import random
from lab.errors import UsageError
from tests.agents.dqn.test_switches import built


def test_dueling_by_hand_and_what_it_leaves_undecided():
    value, advantages = tf.constant([[[5.0]]]), tf.constant([[[1.0], [2.0], [6.0]]])
    found = dueling(value, advantages).numpy()
    assert found[0, :, 0].tolist() == [3.0, 4.0, 8.0] and found.mean() == pytest.approx(5.0)
    # Advantages that are all larger by the same say nothing else, so the value is identified.
    np.testing.assert_allclose(dueling(value, advantages + 7.0), found)


def test_dueling_networks_have_two_streams_of_the_last_hidden_layer():
    agent = built(dueling=True, hidden_sizes=(16, 8))
    assert sorted(tuple(w.shape) for w in agent.online.trainable_variables if len(w.shape) == 2) == [
        (2, 16), (8, 1), (8, 2), (16, 8), (16, 8)
    ]  # fmt: skip
    assert agent.online.output_shape == (None, 2)
    assert built(dueling=True, distribution="categorical", atoms=5).online.output_shape == (None, 2, 5)
    assert built(dueling=True, hidden_sizes=()).online.output_shape == (None, 2)


def noises(number, shape=(6, 5)):
    """Return the noise of kernels (number, p, q) and biases (number, q), for means 0 and deviations 1."""
    network = keras.Sequential([keras.Input((shape[0],)), NoisyDense(shape[1])])
    weights = tuple(tf.zeros(w.shape) if "deviation" not in w.path else tf.ones(w.shape) for w in network.weights)
    draw = tf.function(lambda key: drawn(network, weights, key), autograph=False, jit_compile=True)
    found = [draw(key) for key in random.key_from_seed(0, number)]
    return (np.stack([f[i].numpy() for f in found]) for i in (0, 1))


def test_noise_has_mean_0_and_the_variance_of_factorised_noise():
    kernels, biases = noises(2000)
    # f(x)^2 = |x|, whose mean is sqrt(2 / pi) of a standard normal number; of two independent ones the product.
    each = math.sqrt(2.0 / math.pi)
    assert abs(kernels.mean()) < 0.02 and abs(biases.mean()) < 0.04
    assert kernels.var() == pytest.approx(each**2, rel=0.06) and biases.var() == pytest.approx(each, rel=0.06)
    # Factorised: of rank one, with the bias's noise as the outputs' factor.
    for kernel, bias in zip(kernels[:3], biases[:3], strict=True):
        np.testing.assert_allclose(kernel, np.outer(kernel[:, 0] / bias[0], bias), rtol=1e-3, atol=1e-5)
    assert abs(np.mean(kernels[:, 0, 0] * kernels[:, 1, 1])) < 0.1, "uncorrelated"


def test_noisy_layers_begin_as_the_paper_has_it_and_go_by_their_means():
    layer = NoisyDense(3, deviation=0.5, seed=1)
    rows = np.ones((2, 16), np.float32)
    outputs = layer(rows).numpy()
    kernel, bias, *deviations = (w.numpy() for w in layer.trainable_variables)
    assert np.abs(kernel).max() <= 0.25 and np.abs(bias).max() <= 0.25 and bias.any()
    assert all((d == 0.125).all() for d in deviations) and len(deviations) == 2
    np.testing.assert_allclose(outputs, rows @ kernel + bias, atol=1e-6)


def test_noise_in_a_network_without_noisy_layers_is_refused():
    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    with pytest.raises(UsageError, match="no layer of which is noisy.*Fix"):
        drawn(network, (), random.key_from_seed(0))


def test_cosines_and_midpoints_by_hand():
    np.testing.assert_allclose(cosines(tf.constant([[0.5, 1.0]]), 3)[0], [[1, 0, -1], [1, -1, 1]], atol=1e-6)
    np.testing.assert_allclose(midpoints(2, 2), [[0.25, 0.75]] * 2)


def test_an_implicit_network_multiplies_features_by_the_embedded_fraction():
    body = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, "relu")])
    tail = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    network = ImplicitNetwork(body, tail, number=4, unasked=5, seed=1)
    rows, fractions = np.array([[0.3, -0.8], [1.0, 0.5]], np.float32), np.array([[0.1, 0.9], [0.5, 0.2]], np.float32)
    quantiles, given = network(rows, fractions=tf.constant(fractions))
    kernel, bias = (w.numpy() for w in network.embedding.weights)
    embedded = np.maximum(0.0, np.cos(math.pi * np.arange(4) * fractions[..., None]) @ kernel + bias)
    mixed = (np.asarray(body(rows))[:, None] * embedded).reshape(4, 3)
    expected = np.asarray(tail(mixed)).reshape(2, 2, 2).transpose(0, 2, 1)
    np.testing.assert_allclose(quantiles, expected, atol=1e-6)
    assert np.array_equal(given, fractions)
    quantiles, given = network(rows)
    assert quantiles.shape == (2, 2, 5) and given.numpy()[0].tolist() == pytest.approx([0.1, 0.3, 0.5, 0.7, 0.9])


def test_an_implicit_network_is_made_again_of_what_it_says_of_itself():
    body, tail = (
        keras.Sequential([keras.Input((inputs,)), keras.layers.Dense(units)]) for inputs, units in ((2, 3), (3, 2))
    )
    network = ImplicitNetwork(body, tail, 4, 5, seed=0)
    seen = tf.ones((2, 2))
    network(seen)
    again = ImplicitNetwork.from_config(network.get_config())
    again(seen)
    again.set_weights(network.get_weights())
    assert again.get_config().keys() == network.get_config().keys() and again.name == network.name
    np.testing.assert_array_equal(again(seen)[0], network(seen)[0])


def test_a_network_without_a_last_dense_layer_is_one_clear_line():
    agent = built(dueling=True)
    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2), keras.layers.LayerNormalization()])
    with pytest.raises(UsageError, match=r"does not end with a dense layer.*Fix"):
        with_tail("DQN", network, agent.head, agent.config, 0)
