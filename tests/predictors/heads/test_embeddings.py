"""Losses of distances by hand and by loops."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from predictors.heads.embeddings import contrastive, squared_distances, triplet, unit

POINTS = np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0], [6.0, 8.0]], np.float32)
CODES = np.array([0, 0, 1, 1])
SAME = CODES[:, None] == CODES[None, :]


def squares() -> tf.Tensor:
    return squared_distances(tf.constant(POINTS))


def test_distances_and_lengths_by_hand() -> None:
    found = squares().numpy()
    assert found[0, 1] == pytest.approx(25.0)
    assert found[1, 2] == pytest.approx(9.0 + 9.0)
    np.testing.assert_allclose(unit(tf.constant([[3.0, 4.0]])), [[0.6, 0.8]], rtol=1e-6)


def test_the_contrastive_loss_by_hand() -> None:
    found = contrastive(squares(), tf.constant(SAME), 6.0).numpy()
    # Row 0: half of 25 with row 1; from rows 2 and 3, at 1 and 10, half the mean of (6 - 1)^2 and 0.
    assert found[0] == pytest.approx(12.5 + 0.5 * (25.0 + 0.0) / 2, rel=1e-5)
    # Row 3: to row 2 sqrt(36 + 49); rows 0 and 1 are at 10 and 5.
    assert found[3] == pytest.approx(0.5 * 85.0 + 0.5 * (0.0 + 1.0) / 2, rel=1e-5)


@pytest.mark.parametrize("mining", ["semi_hard", "hard"])
def test_triplets_are_those_that_loops_find(mining: str) -> None:
    rng = np.random.default_rng(0)
    points, codes = rng.normal(size=(12, 3)).astype(np.float32), rng.integers(0, 3, 12)
    codes[11] = 7  # alone in its class
    same = codes[:, None] == codes[None, :]
    d = np.square(points[:, None] - points[None, :]).sum(axis=2)
    losses = []
    for a in range(11):
        positives = [p for p in range(12) if p != a and same[a, p]]
        negatives = [n for n in range(12) if not same[a, n]]
        if mining == "hard":
            losses.append(max(0.0, max(d[a, positives]) - min(d[a, negatives]) + 0.5))
            continue
        each = []
        for p in positives:
            farther = [d[a, n] for n in negatives if d[a, n] > d[a, p]]
            chosen = min(farther) if farther else max(d[a, negatives])
            each.append(max(0.0, d[a, p] - chosen + 0.5))
        losses.append(np.mean(each))
    found = triplet(squared_distances(tf.constant(points)), tf.constant(same), 0.5, mining).numpy()
    assert found[11] == 0.0
    np.testing.assert_allclose(found[:11] * 11 / 12, losses, rtol=1e-4, atol=1e-6)
    assert found.mean() == pytest.approx(np.mean(losses), rel=1e-4)


def test_a_batch_of_one_class_has_no_triplets_and_no_slope_without_end() -> None:
    points = tf.Variable(np.zeros((3, 2), np.float32))
    for loss in ("triplet", "contrastive"):
        with tf.GradientTape() as tape:
            distances, same = squared_distances(unit(points)), tf.ones((3, 3), tf.bool)
            of = triplet(distances, same, 0.2, "hard") if loss == "triplet" else contrastive(distances, same, 1.0)
            total = tf.reduce_sum(of)
        assert float(total) == 0.0
        assert np.isfinite(tape.gradient(total, points)).all()
