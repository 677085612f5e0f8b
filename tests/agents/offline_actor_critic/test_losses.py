"""Losses and weights of offline actor-critics by hand-computed numbers."""

import math

import numpy as np
import pytest
import tensorflow as tf

from agents.offline_actor_critic.losses import advantage_weights, expectile_loss, normalised_weights, value_weight


def test_estimates_that_are_too_low_cost_more():
    # u = 2 lies above the estimate, and u = -1 below: 0.7 * 4, 0.3 * 1, nothing.
    assert expectile_loss(tf.constant([2.0, -1.0, 0.0]), 0.7).numpy() == pytest.approx([2.8, 0.3, 0.0])
    assert expectile_loss(tf.constant([2.0, -1.0]), 0.5).numpy() == pytest.approx([2.0, 0.5])


def test_the_least_loss_is_at_the_expectile():
    # Of 0 and 6 at v = 5.4: 0.9 * 0.6 = 0.1 * 5.4.
    values, places = tf.constant([[0.0], [6.0]]), np.linspace(0, 6, 601, dtype=np.float32)
    costs = tf.reduce_sum(expectile_loss(values - places, 0.9), axis=0)
    assert places[int(np.argmin(costs))] == pytest.approx(5.4)


def test_weights_grow_with_the_advantage_up_to_a_bound():
    advantages = tf.constant([0.0, 1.0, -2.0, 1e6, math.log(100.0) * 0.5])
    found = advantage_weights(advantages, 0.5, 100.0).numpy()
    assert found == pytest.approx([1.0, math.exp(2), math.exp(-4), 100.0, 100.0], rel=1e-5)


def test_normalised_weights_have_a_mean_of_one_however_great_advantages_are():
    # exp(0) and exp(log 3) over their mean 2.
    assert normalised_weights(tf.constant([0.0, 2 * math.log(3.0)]), 2.0).numpy() == pytest.approx([0.5, 1.5])
    assert normalised_weights(tf.constant([1e4, 1e4]), 0.1).numpy() == pytest.approx([1.0, 1.0])


def test_values_weigh_alpha_over_their_mean_size():
    assert float(value_weight(tf.constant([-1.0, 3.0]), 2.5)) == pytest.approx(1.25)
    assert float(value_weight(tf.constant([-10.0, 30.0]), 2.5)) == pytest.approx(0.125)
    assert np.isfinite(float(value_weight(tf.zeros(2), 2.5)))


@pytest.mark.parametrize(
    ("function", "more"), [(advantage_weights, (1.0, 9.0)), (normalised_weights, (1.0,)), (value_weight, (1.0,))]
)
def test_no_gradient_flows_through_weights(function, more):
    values = tf.constant([0.5, 1.0])
    with tf.GradientTape() as tape:
        tape.watch(values)
        total = tf.reduce_sum(function(values, *more))
    assert tape.gradient(total, values) is None
