"""The pinball loss and the order of quantiles."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from predictors.data.field import Field
from predictors.heads import QuantileHead
from predictors.metrics import pinball_loss

FIELD = Field("ahead", "sequence", (2, 1), "float64", (10.0,), (2.0,))
LEVELS = (0.1, 0.5, 0.9)


def test_the_loss_by_hand() -> None:
    head = QuantileHead(FIELD, LEVELS, 1)
    outputs = tf.constant([[[[0.0, 1.0, 2.0]]]])
    # Of 3: errors 3, 2, 1 above: 0.1 * 3 + 0.5 * 2 + 0.9 * 1; of -1: errors -1, -2, -3: 0.9 + 0.5 * 2 + 0.1 * 3.
    for target in (3.0, -1.0):
        loss = head.loss(outputs, tf.constant([[[target], [99.0]]]))
        assert loss.numpy() == pytest.approx([2.2 / 3])


def test_the_loss_is_the_metric_and_its_slope_that_of_the_levels() -> None:
    head = QuantileHead(FIELD, LEVELS, 2)
    rng = np.random.default_rng(0)
    outputs = np.sort(rng.normal(size=(5, 2, 1, 3)).astype(np.float32))
    targets = rng.normal(size=(5, 2, 1)).astype(np.float32)
    assert head.loss(outputs, targets).numpy().mean() == pytest.approx(pinball_loss(outputs, targets, LEVELS), rel=1e-5)
    with tf.GradientTape() as tape:
        tape.watch(held := tf.constant([[[[0.0, 1.0, 2.0]], [[0.0, 1.0, 2.0]]]]))
        loss = tf.reduce_sum(head.loss(held, tf.constant([[[1.5], [5.0]]])))
    # d/df max(q (y - f), (q - 1) (y - f)) is -q below the target and 1 - q above, over 6 numbers.
    expected = np.array([[[-0.1, -0.5, 0.1]], [[-0.1, -0.5, -0.9]]]) / 6
    np.testing.assert_allclose(tape.gradient(loss, held)[0], expected, rtol=1e-6)


def test_quantiles_never_cross_whatever_the_network_gives() -> None:
    head = QuantileHead(FIELD, LEVELS, 2)
    outputs = np.random.default_rng(1).normal(size=(7, 2, 1, 3)).astype(np.float32)
    found = head.quantiles(outputs)
    assert (np.diff(found, axis=-1) >= 0.0).all()
    np.testing.assert_allclose(found, np.sort(outputs, axis=-1) * 2.0 + 10.0, rtol=1e-6)
    np.testing.assert_allclose(head.answers(outputs), found[..., 1])
    # Their order makes the loss no larger.
    targets = np.zeros((7, 2, 1), np.float32)
    error = targets[..., None] - outputs
    unordered = np.maximum(np.array(LEVELS) * error, (np.array(LEVELS) - 1.0) * error).mean(axis=(1, 2, 3))
    assert (head.loss(outputs, targets).numpy() <= unordered + 1e-6).all()


def test_logarithms_come_back_as_the_users_numbers() -> None:
    head = QuantileHead(FIELD, LEVELS, 2, log=True)
    outputs = np.zeros((1, 2, 1, 3), np.float32)
    np.testing.assert_allclose(head.quantiles(outputs), np.exp(10.0))
    np.testing.assert_allclose(head.true(np.full((1, 2, 1), np.log(7.0))), 7.0)


def test_scores_name_the_coverage() -> None:
    head = QuantileHead(FIELD, LEVELS, 2)
    outputs = np.tile(np.array([-1.0, 0.0, 1.0], np.float32), (1, 2, 1, 1))
    table = head.scores(outputs, np.array([[[11.0], [20.0]]]))
    assert table["coverage_80"] == 0.5
    assert table["mae"] == pytest.approx((1.0 + 10.0) / 2)
