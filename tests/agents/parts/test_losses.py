import numpy as np
import pytest
import tensorflow as tf

from agents.parts import losses


def test_target_by_hand_bootstraps_unless_terminated():
    reward, discount = tf.constant([1.0, 1.0, -2.0]), tf.constant([0.9, 0.0, 0.9])
    next_value = tf.constant([10.0, 10.0, 4.0])
    target = losses.bootstrapped_target(reward, discount, next_value)
    assert target.numpy() == pytest.approx([1 + 0.9 * 10, 1.0, -2 + 0.9 * 4])


def test_target_carries_no_gradient():
    value = tf.Variable([2.0])
    with tf.GradientTape() as tape:
        target = losses.bootstrapped_target(tf.constant([1.0]), tf.constant([0.5]), value * 3.0)
    assert tape.gradient(target, value) is None


def test_a_column_never_meets_a_row():
    with pytest.raises(ValueError, match=r"equal shapes; received .*\(2, 1\)"):
        losses.bootstrapped_target(tf.zeros(2), tf.zeros(2), tf.zeros((2, 1)))


def test_chosen_picks_each_rows_action():
    values = tf.constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    assert losses.chosen(values, tf.constant([2, 0])).numpy().tolist() == [3.0, 4.0]


def test_huber_by_hand():
    errors = tf.constant([0.0, 0.5, -1.0, 2.0, -3.0])
    assert losses.huber(errors, 1.0).numpy() == pytest.approx([0.0, 0.125, 0.5, 1.5, 2.5])
    assert losses.huber(errors, 2.0).numpy() == pytest.approx([0.0, 0.125, 0.5, 2.0, 4.0])


def test_hubers_gradient_is_the_clipped_error():
    errors = tf.Variable([-3.0, -0.5, 0.0, 0.5, 3.0])
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(losses.huber(errors, 1.0))
    assert np.allclose(tape.gradient(loss, errors), [-1.0, -0.5, 0.0, 0.5, 1.0])


def test_a_large_or_infinite_delta_gives_the_squared_error_compiled_too():
    errors = tf.constant([1e-3, -2.0, 30.0])
    for delta in (1e9, float("inf")):
        for function in (losses.huber, tf.function(losses.huber, jit_compile=True)):
            assert function(errors, tf.constant(delta)).numpy() == pytest.approx([5e-7, 2.0, 450.0])
