"""Losses and targets of off-policy actor-critics by hand-computed numbers."""

import numpy as np
import pytest
import tensorflow as tf

from agents.off_policy.losses import critic_losses, least, smoothed, some_of, temperature_loss
from agents.off_policy.state import changed_if
from envs import random
from lab.training.adam import towards


def test_the_least_of_the_chosen_critics_counts():
    values = tf.constant([[1.0, 5.0], [2.0, 3.0], [0.0, 9.0]])
    assert least(values, tf.constant([True, True, True])).numpy().tolist() == [0.0, 3.0]
    assert least(values, tf.constant([True, False, True])).numpy().tolist() == [0.0, 5.0]
    assert least(values, tf.constant([False, True, False])).numpy().tolist() == [2.0, 3.0]


def test_as_many_critics_are_drawn_as_asked_for_each_equally_often():
    drawn = np.array([some_of(key, 4, 2).numpy() for key in random.key_from_seed(1, 300)])
    assert (drawn.sum(axis=1) == 2).all()
    # A standard deviation of the mean of 300 draws is 0.029.
    assert np.abs(drawn.mean(axis=0) - 0.5).max() < 0.1
    assert some_of(random.key_from_seed(1), 3, 3).numpy().all()


def test_critics_losses_are_half_squared_errors_summed_over_critics():
    rows = critic_losses(tf.constant([[1.0, 2.0], [4.0, 2.0]]), tf.constant([2.0, 5.0]))
    assert rows.numpy() == pytest.approx([0.5 * (1 + 4), 0.5 * (9 + 9)])


@pytest.mark.parametrize(("entropy", "expected"), [(2.0, 3.0), (-1.5, -0.5)])
def test_the_temperature_falls_where_there_is_more_entropy_than_wanted(entropy, expected):
    logarithm = tf.constant(0.7)
    with tf.GradientTape() as tape:
        tape.watch(logarithm)
        loss = temperature_loss(logarithm, tf.constant(entropy), -1.0)
    assert float(loss) == pytest.approx(0.7 * expected)
    assert float(tape.gradient(loss, logarithm)) == pytest.approx(expected)


def test_target_actions_are_smoothed_by_clipped_noise_within_the_bounds():
    actions, key = tf.constant([[0.0], [0.9], [-1.0]] * 200), random.key_from_seed(4)
    noise = random.normal(key, actions.shape).numpy() * 0.2
    expected = np.clip(actions.numpy() + np.clip(noise, -0.3, 0.3), -1.0, 1.0)
    found = smoothed(actions, key, 0.2, 0.3).numpy()
    assert np.allclose(found, expected)
    assert np.abs(found[::3]).max() == pytest.approx(0.3) and found.max() == 1.0 and found.min() == -1.0
    assert np.allclose(smoothed(actions, key, 0.0, np.inf), actions)


def test_targets_move_a_share_of_the_way():
    assert towards((tf.constant([1.0, -2.0]),), (tf.constant([3.0, 2.0]),), 0.25)[0].numpy().tolist() == [1.5, -1.0]
    assert towards((), (tf.constant(1.0),), 0.25) == ()


@pytest.mark.parametrize(("due", "expected"), [(True, 6.0), (False, 3.0)])
def test_what_is_not_due_stays(due, expected):
    assert float(changed_if(tf.constant(due), lambda x: (2.0 * x[0],), (tf.constant(3.0),))[0]) == expected
