"""Penalties against critics whose slopes are known."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from generative.gan.penalties import between, one_centred, scores_and_slopes, zero_centred

ROWS = tf.constant([[1.0, 2.0], [0.0, 0.0], [-1.0, 0.5]])


def test_of_a_linear_critic() -> None:
    # Its gradient is (3, 4) everywhere, of length 5.
    scores, slopes = scores_and_slopes(lambda x: tf.linalg.matvec(x, [3.0, 4.0]), ROWS)
    np.testing.assert_allclose(scores, [11.0, 0.0, -1.0])
    np.testing.assert_allclose(slopes, [25.0, 25.0, 25.0])
    assert float(zero_centred(slopes)) == pytest.approx(12.5) and float(one_centred(slopes)) == pytest.approx(16.0)


def test_of_a_quadratic_critic() -> None:
    # The gradient of half the squared length is the row itself.
    _, slopes = scores_and_slopes(lambda x: 0.5 * tf.reduce_sum(x**2, axis=1), ROWS)
    np.testing.assert_allclose(slopes, [5.0, 0.0, 1.25])
    assert float(zero_centred(slopes)) == pytest.approx(6.25 / 6)
    lengths = np.sqrt([5.0, 0.0, 1.25])
    assert float(one_centred(slopes)) == pytest.approx(float(np.mean((lengths - 1) ** 2)), rel=1e-5)


def test_the_norm_is_over_all_of_an_image() -> None:
    _, slopes = scores_and_slopes(lambda x: tf.reduce_sum(x, axis=(1, 2, 3)), tf.zeros((2, 3, 4, 1)))
    np.testing.assert_allclose(slopes, [12.0, 12.0])


@pytest.mark.parametrize(("penalty", "expected"), [(zero_centred, 3.0), (one_centred, 2 * (3.0 - 1.0))])
def test_they_are_differentiable_by_the_weights(penalty: object, expected: float) -> None:
    # The slope is w: (w^2 / 2)' = w and ((w - 1)^2)' = 2 (w - 1).
    weight = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        loss = penalty(scores_and_slopes(lambda x: weight * x[:, 0], ROWS)[1])  # type: ignore[operator]
    assert float(tape.gradient(loss, weight)) == pytest.approx(expected, rel=1e-5)


def test_a_flat_critic_has_a_finite_gradient() -> None:
    weight = tf.Variable(0.0)
    with tf.GradientTape() as tape:
        loss = one_centred(scores_and_slopes(lambda x: weight * x[:, 0], ROWS)[1])
    assert float(loss) == pytest.approx(1.0, abs=1e-5) and np.isfinite(float(tape.gradient(loss, weight)))


def test_points_between_have_one_share_a_pair() -> None:
    alpha = tf.constant([0.0, 0.25, 1.0])
    np.testing.assert_allclose(between(ROWS, tf.ones_like(ROWS), alpha), [[1, 1], [0.75, 0.75], [-1, 0.5]])
    images = between(tf.ones((3, 2, 2, 1)), tf.zeros((3, 2, 2, 1)), alpha)
    np.testing.assert_allclose(images, np.array([0, 0.25, 1])[:, None, None, None] * np.ones((3, 2, 2, 1)))
