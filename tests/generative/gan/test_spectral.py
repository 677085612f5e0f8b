"""Spectral normalisation: power iteration finds the largest singular value, and layers have one of 1."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from generative.gan.networks.spectral import SpectralConv2D, SpectralDense, power_iteration, spectral_layers


def test_power_iteration_on_a_known_matrix() -> None:
    # Its singular values are 3 and 1, with the axes as vectors.
    matrix, right = tf.constant([[0.0, 3.0], [1.0, 0.0]]), tf.constant([0.6, 0.8])
    for _ in range(20):
        left, right = power_iteration(matrix, right)
    np.testing.assert_allclose(np.abs(right), [0, 1], atol=1e-6)
    np.testing.assert_allclose(np.abs(left), [1, 0], atol=1e-6)
    assert float(tf.tensordot(left, tf.linalg.matvec(matrix, right), 1)) == pytest.approx(3.0)


def network() -> keras.Model:
    inputs = keras.Input((6, 6, 2))
    x = SpectralConv2D(5, 3, 2, "same", kernel_initializer=keras.initializers.HeNormal(seed=1), vector_seed=1)(inputs)
    x = keras.layers.Flatten()(x)
    return keras.Model(inputs, SpectralDense(3, kernel_initializer=keras.initializers.HeNormal(2), vector_seed=2)(x))


def test_layers_are_divided_by_their_largest_singular_value() -> None:
    for layer in spectral_layers(network()):
        layer.iterate(200)
        kernel = np.asarray(layer.kernel).reshape(-1, layer.kernel.shape[-1])
        assert np.linalg.svd(kernel, compute_uv=False)[0] == pytest.approx(1.0, abs=1e-4)
        own = np.asarray(layer._kernel).reshape(kernel.shape)
        assert float(layer.singular_value()) == pytest.approx(np.linalg.svd(own, compute_uv=False)[0], rel=1e-4)


def test_the_outputs_use_the_divided_kernel_and_vectors_are_state_but_not_trained() -> None:
    model, rows = network(), np.random.default_rng(0).standard_normal((4, 6, 6, 2)).astype(np.float32)
    before = model(rows).numpy()
    for layer in spectral_layers(model):
        layer._kernel.assign(7.0 * layer._kernel)
    np.testing.assert_allclose(model(rows), before, rtol=1e-4, atol=1e-5)
    assert len(model.trainable_variables) == 4 and len(model.variables) == 8


def test_the_gradient_knows_of_the_division() -> None:
    # Of f(W) = u W/s v with the singular vectors held, the derivative along W itself is 0.
    layer = spectral_layers(network())[1]
    layer.iterate(100)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(layer.kernel**2)
    gradient = tape.gradient(total, layer._kernel.value)
    assert abs(float(tf.reduce_sum(gradient * layer._kernel))) < 1e-4 * float(tf.norm(gradient))
