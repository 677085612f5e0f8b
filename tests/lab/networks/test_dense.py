"""The narrow dense layer has the values and gradients of Keras' own."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from lab.networks import NarrowDense, mlp


def test_gradients_by_hand():
    layer = NarrowDense(2)
    layer.build((None, 2))
    layer.set_weights([np.array([[1.0, 2.0], [3.0, 4.0]], np.float32), np.array([0.5, -0.5], np.float32)])
    x = tf.constant([[1.0, 0.0], [2.0, -1.0]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
        loss = tf.reduce_sum(y * [[1.0, 10.0], [0.0, 1.0]])
    assert y.numpy().tolist() == [[1.5, 1.5], [-0.5, -0.5]]
    by_x, by_kernel, by_bias = tape.gradient(loss, [x, *layer.trainable_variables])
    assert by_x.numpy().tolist() == [[21.0, 43.0], [2.0, 4.0]]
    assert by_kernel.numpy().tolist() == [[1.0, 12.0], [0.0, -1.0]]
    assert by_bias.numpy().tolist() == [1.0, 11.0]


@pytest.mark.parametrize("jit", [False, True])
def test_it_equals_keras_dense_in_graphs(jit):
    rng = np.random.default_rng(0)
    x, pull = (tf.constant(rng.normal(size=(16, n)), tf.float32) for n in (5, 3))
    ours, theirs = NarrowDense(3), keras.layers.Dense(3)
    for layer in (ours, theirs):
        layer.build((None, 5))
    theirs.set_weights(ours.get_weights())

    @tf.function(jit_compile=jit, autograph=False)
    def gradients(x):
        found = []
        for layer in (ours, theirs):
            with tf.GradientTape() as tape:
                tape.watch(x)
                loss = tf.reduce_sum(tf.square(layer(x)) * pull)
            found.append(tape.gradient(loss, [x, *layer.trainable_variables]))
        return found

    for one, other in zip(*gradients(x), strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=2e-6, atol=1e-5)


def test_only_narrow_outputs_use_it_and_a_wrong_size_is_refused():
    assert isinstance(mlp(3, (8,), 4, seed=0).layers[-1], NarrowDense)
    assert not isinstance(mlp(3, (8,), 5, seed=0).layers[-1], NarrowDense)
    with pytest.raises(ValueError, match="received 5; expected 1 to 4"):
        NarrowDense(5)
