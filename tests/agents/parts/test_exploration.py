import numpy as np
import pytest
import tensorflow as tf

from agents.parts.exploration import epsilon_greedy, random_ties


def as_tensor(array):
    return tf.constant(array, tf.float32)


@pytest.mark.parametrize("of", [np.asarray, as_tensor])
def test_epsilon_is_drawn_for_each_row(of):
    draws = of(np.random.default_rng(0).random((2, 20_000)))
    drawn = np.asarray(epsilon_greedy(draws, 3, 0.3, lambda: np.full(20_000, 2, np.int32)))
    # A uniform draw also hits the greedy action: 1 - 0.3 * 2/3 = 0.8 of all.
    assert np.mean(drawn == 2) == pytest.approx(0.8, abs=0.01)
    assert np.mean(drawn == 0) == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize("of", [np.asarray, as_tensor])
def test_which_rows_explore_and_what_they_take_by_hand(of):
    draws = of(np.array([[0.1, 0.6, 0.49, 0.5], [0.99, 0.0, 0.25, 0.0]]))
    found = epsilon_greedy(draws, 4, 0.5, lambda: np.array([2, 2, 2, 2], np.int32))
    assert np.asarray(found).tolist() == [3, 2, 1, 2], "a draw of epsilon itself does not explore"


def test_rows_explore_independently_of_each_other():
    draws = np.random.default_rng(1).random((2, 8000))
    rows = epsilon_greedy(draws, 1000, 0.5, lambda: np.zeros(8000, np.int64)).reshape(4000, 2) != 0
    assert np.mean(rows[:, 0] & rows[:, 1]) == pytest.approx(0.25, abs=0.03)


def test_the_ends():
    def never():
        raise AssertionError("the greedy action is not needed when every row explores")

    draws = np.random.default_rng(0).random((2, 3))
    assert epsilon_greedy(draws, 5, 1.0, never).shape == (3,)
    assert epsilon_greedy(draws[:, :1], 5, 1.0, never).shape == (1,)
    assert epsilon_greedy(draws[:, :2], 5, 0.0, lambda: np.array([4, 3])).tolist() == [4, 3]


def test_ties_are_broken_at_random_and_only_ties():
    values = tf.constant(np.tile([1.0, 0.0, 1.0, 1.0], (3000, 1)))
    draws = tf.constant(np.random.default_rng(0).random(3000))
    fractions = np.bincount(random_ties(values, draws).numpy(), minlength=4) / 3000
    assert fractions == pytest.approx([1 / 3, 0, 1 / 3, 1 / 3], abs=0.04)
    edges = random_ties(tf.constant([[1.0, 0.0, 1.0]] * 2), tf.constant([0.0, 1.0]))
    assert edges.numpy().tolist() == [0, 2]
