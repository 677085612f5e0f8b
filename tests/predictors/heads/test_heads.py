"""Losses and answers of heads, by hand."""

import math

import numpy as np
import pytest
import tensorflow as tf

from predictors.data.field import Field
from predictors.heads import ClassHead, NumberHead

ANIMALS = Field("animal", "class", (), "str", classes=3, class_names=("ant", "bee", "cat"))
TENS = Field("tens", "class", (), "int64", classes=3, label_values=(10, 20, 30))
LENGTH = Field("length", "number", (1,), "float64", centre=(100.0,), scale=(5.0,))
PAIR = Field("pair", "number", (2,), "float64", centre=(0.0, 10.0), scale=(1.0, 2.0))


def test_cross_entropy_is_the_negative_logarithm_of_the_labels_probability():
    logits = tf.constant([[0.0, math.log(2.0), math.log(5.0)]])
    assert ClassHead(ANIMALS).loss(logits, tf.constant([1])).numpy() == pytest.approx([-math.log(2 / 8)])


def test_label_smoothing_gives_every_class_its_part():
    logits = tf.constant([[0.0, math.log(2.0), math.log(5.0)]])
    wanted = [0.1, 0.8, 0.1]
    expected = -sum(w * math.log(p / 8) for w, p in zip(wanted, (1, 2, 5), strict=True))
    assert ClassHead(ANIMALS, 0.3).loss(logits, tf.constant([1])).numpy() == pytest.approx([expected], rel=1e-5)


def test_mixed_labels_share_the_loss():
    logits = tf.constant([[0.0, math.log(2.0), math.log(5.0)]])
    found = ClassHead(ANIMALS).loss(logits, tf.constant([[0.25, 0.0, 0.75]])).numpy()
    assert found == pytest.approx([-(0.25 * math.log(1 / 8) + 0.75 * math.log(5 / 8))])


def test_answers_are_the_users_own_labels():
    outputs = np.array([[0.1, 0.9, 0.0], [2.0, 1.0, 0.0]], np.float32)
    assert ClassHead(ANIMALS).answers(outputs).tolist() == ["bee", "ant"]
    assert ClassHead(TENS).answers(outputs).tolist() == [20, 10]


def test_probabilities_of_large_logits_are_finite_and_add_up_to_one():
    found = ClassHead(ANIMALS).probabilities(np.array([[1000.0, 999.0, -1000.0]], np.float32))
    assert found.sum() == pytest.approx(1.0)
    assert found[0] == pytest.approx([1 / (1 + math.exp(-1)), 1 / (1 + math.exp(1)), 0.0])


@pytest.mark.parametrize(
    ("error", "expected"),
    [("mse", (0.25 + 9.0) / 2), ("mae", (0.5 + 3.0) / 2), ("huber", (0.125 + 2.5) / 2)],
)
def test_errors_are_means_over_columns_in_deviations(error, expected):
    outputs, targets = tf.constant([[0.5, 3.0]]), tf.constant([[0.0, 0.0]])
    assert NumberHead(PAIR, error).loss(outputs, targets).numpy() == pytest.approx([expected])


def test_numbers_come_back_in_the_users_unit():
    outputs = np.array([[2.0], [-1.0]], np.float32)
    assert NumberHead(LENGTH).answers(outputs).tolist() == [110.0, 95.0]
    assert NumberHead(PAIR).answers(np.array([[1.0, 1.0]], np.float32)).tolist() == [[1.0, 12.0]]
    assert LENGTH.held(np.array([[110.0]])).tolist() == [[2.0]]
