"""What is chosen among the actions that are allowed, and masks that are none."""

import numpy as np
import pytest
import tensorflow as tf
from gymnasium.spaces import Box, Discrete
from scipy.stats import chisquare

from agents.parts.exploration import epsilon_greedy, explored
from agents.parts.masking.checks import as_masks, checked_mask
from agents.parts.masking.masked import each_row, masked, nth_allowed
from lab.errors import UsageError

ALLOWED = np.array([[0, 1, 0, 1, 1], [1, 0, 0, 0, 0]], bool)
VALUES = np.array([[9.0, 1.0, 9.0, 3.0, 2.0], [-5.0, 9.0, 9.0, 9.0, 9.0]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_best_is_the_best_of_those_allowed(dtype):
    values = VALUES.astype(dtype)
    assert masked(values, ALLOWED).argmax(axis=1).tolist() == [3, 0]
    in_tensors = masked(tf.constant(values), tf.constant(ALLOWED))
    assert in_tensors.dtype == tf.as_dtype(dtype) and tf.argmax(in_tensors, axis=1).numpy().tolist() == [3, 0]
    assert masked(values, None) is values and masked(values, ()) is values
    assert [next(iter(each_row(none))) for none in (None, ())] == [None, None]


def test_the_nth_allowed_action_by_hand():
    draws = np.array([0.0, 0.34, 0.67, np.nextafter(1.0, 0.0)])
    rows = np.repeat(ALLOWED[:1], 4, axis=0)
    assert nth_allowed(draws, rows).tolist() == [1, 3, 4, 4]
    assert nth_allowed(tf.constant(draws), tf.constant(rows)).numpy().tolist() == [1, 3, 4, 4]
    # In float32 the last draw is 1 itself.
    assert nth_allowed(tf.constant(draws, tf.float32), tf.constant(rows)).numpy().tolist() == [1, 3, 4, 4]


@pytest.mark.parametrize("lane", ["host", "tensors"])
def test_exploring_draws_those_allowed_alike_and_no_other(lane):
    rng, number = np.random.default_rng(3), 6_000
    rows = np.repeat(ALLOWED[:1], number, axis=0)
    if lane == "host":
        chosen = explored(number, 5, 0.5, lambda: np.full(number, 3), rng, rows)
    else:
        draws = tf.constant(rng.random((2, number)), tf.float32)
        chosen = epsilon_greedy(draws, 5, 0.5, lambda: tf.fill([number], 3), tf.constant(rows)).numpy()
    counts = np.bincount(chosen, minlength=5)
    assert counts[[0, 2]].tolist() == [0, 0]
    # Half are greedy, which is action 3; of the others a third each.
    assert chisquare(counts[[1, 3, 4]], np.array([1, 4, 1]) / 6 * number).pvalue > 0.01


@pytest.mark.parametrize(
    ("mask", "says"),
    [
        ([1, 0], "expected 3 numbers 0 or 1"),
        ([0.0, 1.0, 1.0], "float64"),
        ([0, 2, 1], "expected 3 numbers 0 or 1"),
        ([0, 0, 0], "allows no action"),
        ([[1, 0, 0], [0, 0, 0]], "allows no action"),
        ("abc", "expected 3 numbers"),
    ],
)
def test_a_mask_that_is_none_is_refused(mask, says):
    with pytest.raises(UsageError, match=says):
        checked_mask("a test gave", " at step 4", Discrete(3), mask)


def test_masks_that_are_given():
    assert checked_mask("", "", Discrete(3), np.int8([0, 1, 0])).tolist() == [False, True, False]
    assert checked_mask("", "", Discrete(3), [0, 0, 0], ended=True).tolist() == [True] * 3, "nothing is chosen there"
    assert as_masks(Discrete(2), [True, False], 1).tolist() == [[True, False]]
    assert as_masks(Discrete(2), None, 4) is None
    with pytest.raises(UsageError, match="1 rows for 2 observations"):
        as_masks(Discrete(2), [1, 0], 2)
    with pytest.raises(UsageError, match="expected 0 numbers"):
        as_masks(Box(0.0, 1.0, (2,)), [1, 0], 1)
