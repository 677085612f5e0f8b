"""Adam on one long vector makes the steps of the paper, with the betas it is given."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from lab.training.adam import Adam, of_keras


def test_two_steps_by_hand() -> None:
    weight = tf.Variable([1.0, -1.0])
    optimizer = Adam([weight], 0.1, clip=100.0, betas=(0.0, 0.5))
    norm = optimizer.apply([tf.constant([3.0, -4.0])])
    assert float(norm) == 5.0
    # Corrected, the second moment is the squared gradient: a step of the rate against its sign.
    np.testing.assert_allclose(weight, [0.9, -0.9], rtol=1e-5)
    optimizer.apply([tf.constant([3.0, 0.0])])
    # The second moments are (0.25 g1^2 + 0.5 g2^2) / 0.75: 9 again for the first weight.
    np.testing.assert_allclose(weight, [0.8, -0.9], rtol=1e-5)
    assert optimizer.updates.numpy() == 2.0


def test_a_warm_up_and_a_cap() -> None:
    weight = tf.Variable([1.0])
    optimizer = Adam([weight], 0.1, warmup=4, clip=0.5)
    optimizer.apply([tf.constant([8.0])])
    np.testing.assert_allclose(weight, [1.0 - 0.1 / 4], rtol=1e-5)
    np.testing.assert_allclose(optimizer.first, [0.05], rtol=1e-5)


def keras_steps(count: int, decay: float) -> tuple[list[keras.Variable], keras.optimizers.Optimizer]:
    """Make steps of Keras' AdamW on two weights, of which the second does not decay."""
    weights = [keras.Variable([[1.0, -2.0]], name="matrix"), keras.Variable([0.5], name="scale")]
    optimizer = keras.optimizers.AdamW(0.01, weight_decay=decay)
    optimizer.exclude_from_weight_decay(var_list=weights[1:])
    optimizer.build(weights)
    for step in range(count):
        optimizer.apply([tf.constant([[1.0 + step, -0.5]]), tf.constant([2.0])], weights)
    return weights, optimizer


def test_its_steps_are_those_of_keras_adamw() -> None:
    weights = [tf.Variable([[1.0, -2.0]]), tf.Variable([0.5])]
    optimizer = Adam(weights, 0.01, epsilon=1e-7, decay=0.3, undecayed=weights[1:])
    for step in range(5):
        optimizer.apply([tf.constant([[1.0 + step, -0.5]]), tf.constant([2.0])])
    for mine, theirs in zip(weights, keras_steps(5, 0.3)[0], strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-6)


def test_a_state_of_keras_optimizer_goes_on_as_it_would_have() -> None:
    theirs, keras_optimizer = keras_steps(3, 0.3)
    state = {str(i): variable.numpy() for i, variable in enumerate(keras_optimizer.variables)}
    weights = [tf.Variable(variable.numpy()) for variable in theirs]
    optimizer = Adam(weights, 0.5, epsilon=1e-7, decay=0.3, undecayed=weights[1:])
    optimizer.set_state(of_keras(state))
    gradients = [tf.constant([[4.0, -0.5]]), tf.constant([2.0])]
    optimizer.apply(gradients)
    keras_optimizer.apply(gradients, theirs)
    for mine, expected in zip(weights, theirs, strict=True):
        np.testing.assert_allclose(mine, expected, rtol=1e-6)
    assert float(optimizer.learning_rate) == pytest.approx(0.01) and float(optimizer.updates) == 4.0


def test_minimising_differentiates_and_leaves_alone_what_the_loss_does_not_depend_on() -> None:
    weights = [tf.Variable([3.0]), tf.Variable([7.0])]
    optimizer = Adam(weights, 0.1)
    loss, more, norm = optimizer.minimise(lambda x: (tf.reduce_sum(x * weights[0]), x), (tf.constant([2.0]),))
    assert (float(loss), float(more[0]), float(norm)) == (6.0, 2.0, 2.0)
    np.testing.assert_allclose(weights[0], [2.9], rtol=1e-5)
    np.testing.assert_array_equal(weights[1], [7.0])
