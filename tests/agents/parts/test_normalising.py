"""Running statistics against NumPy's over everything seen, and discounted sums by hand."""

import numpy as np
import pytest
import tensorflow as tf
from gymnasium.spaces import Box

from agents.parts.normalising import (
    RunningStatistics,
    discounted_sums,
    moments_of,
    no_statistics,
    scaled,
    standardised,
    with_rows,
)


def test_statistics_taken_in_part_by_part_are_those_of_all_rows():
    rows = np.random.default_rng(0).normal(3.0, 5.0, (100, 2)).astype(np.float32)
    known = RunningStatistics(*map(tf.constant, no_statistics((2,))))
    for part in np.split(rows, [10, 15, 70]):
        known = with_rows(known, tf.constant(part))
    assert float(known.count) == 100.0
    assert np.allclose(known.mean, rows.mean(axis=0), rtol=1e-5)
    assert np.allclose(known.variance, rows.var(axis=0), rtol=1e-5)


def test_before_anything_was_seen_numbers_stay_as_they_are():
    rows = np.array([[0.5, -2.0]], np.float32)
    assert np.allclose(standardised(no_statistics((2,)), rows, 10.0), rows)


def test_standardised_rows_are_cut_off_and_alike_in_numpy_and_tensorflow():
    known = RunningStatistics(np.float32(4.0), np.array([1.0, 0.0], np.float32), np.array([4.0, 0.01], np.float32))
    rows = np.array([[5.0, 0.05], [-3.0, 9.0]], np.float32)
    expected = [[2.0, 0.5], [-2.0, 10.0]]
    assert np.allclose(standardised(known, rows, 10.0), expected, atol=1e-4)
    tensors = RunningStatistics(*map(tf.constant, known))
    assert np.allclose(standardised(tensors, tf.constant(rows), 10.0), expected, atol=1e-4)


def test_discounted_sums_begin_anew_where_an_episode_ends_and_go_on_from_the_last_rollout():
    rewards = tf.constant([[1.0, 1.0], [2.0, 0.0], [4.0, 8.0]])
    ended = tf.constant([[False, True], [False, False], [True, False]])
    found = discounted_sums(rewards, ended, tf.constant([10.0, 0.0]), 0.5)
    # 1 + 0.5 * 10 = 6, 2 + 3 = 5, 4 + 2.5 = 6.5; and 1, then anew 0, 8.
    assert np.allclose(found, [[6.0, 1.0], [5.0, 0.0], [6.5, 8.0]])


def test_moments_of_a_recording_are_those_of_its_features_block_by_block():
    rows = np.random.default_rng(0).normal(3, 2, size=(1000, 3)).astype(np.float32)
    rows[:, 2] = 7.0
    mean, deviation = moments_of(Box(-np.inf, np.inf, (3,)), rows, block=300)
    assert mean == pytest.approx([*rows[:, :2].mean(axis=0), 7.0], rel=1e-4)
    # What never varies keeps its unit.
    assert deviation == pytest.approx([*rows[:, :2].std(axis=0), 1.0], rel=1e-4)
    halves = np.array([[0, 51], [255, 51]], np.uint8)
    assert moments_of(Box(0, 255, (2,), np.uint8), halves)[0] == pytest.approx([0.5, 0.2])


def test_rows_are_scaled_in_numpy_as_in_tensors():
    rows, mean, deviation = np.float32([[3.0, 5.0]]), np.float32([1.0, 5.0]), np.float32([0.5, 2.0])
    for found in (scaled(rows, mean, deviation), scaled(tf.constant(rows), mean, deviation).numpy()):
        assert found == pytest.approx(np.array([[2.0 / 0.501, 0.0]]))
