"""What a network sees of a window, and the way back."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from predictors.forecasting.scaling import scaled, unscaled

WINDOW = tf.constant([[[1.0], [2.0], [3.0], [6.0]]])


@pytest.mark.parametrize(
    ("start", "ahead", "seen"),
    [
        ("last", [6.0, 6.0, 6.0], [-5.0, -4.0, -3.0, 0.0]),
        ("mean", [3.0, 3.0, 3.0], [-2.0, -1.0, 0.0, 3.0]),
        ("seasonal", [3.0, 6.0, 3.0], [-2.0, -1.0, 0.0, 3.0]),
        ("none", [0.0, 0.0, 0.0], [1.0, 2.0, 3.0, 6.0]),
    ],
)
def test_a_window_less_its_level_by_hand(start, ahead, seen) -> None:
    found = scaled(WINDOW, 1, 3, start, 2, False)
    np.testing.assert_allclose(found.start[0, :, 0], ahead)
    np.testing.assert_allclose(found.past[0, :, 0], seen)
    np.testing.assert_allclose(found.deviation, 1.0)


def test_a_window_is_seen_in_units_of_its_own_deviation() -> None:
    found = scaled(WINDOW, 1, 3, "mean", None, True)
    deviation = np.std([1.0, 2.0, 3.0, 6.0])
    np.testing.assert_allclose(found.past[0, :, 0], np.array([-2.0, -1.0, 0.0, 3.0]) / deviation, rtol=1e-4)
    outputs = tf.ones((1, 3, 1, 2))
    np.testing.assert_allclose(unscaled(outputs, found)[0, :, 0], np.full((3, 2), 3.0 + deviation), rtol=1e-4)


@pytest.mark.parametrize("start", ["last", "mean", "seasonal"])
def test_a_trend_that_has_left_the_training_part_is_no_other_task(start) -> None:
    rng = np.random.default_rng(0)
    window = tf.constant(rng.normal(size=(1, 8, 1)), tf.float32)
    near, far = scaled(window, 1, 4, start, 4, True), scaled(3.0 * window + 50.0, 1, 4, start, 4, True)
    np.testing.assert_allclose(near.past, far.past, atol=2e-3)
    outputs = tf.constant(rng.normal(size=(1, 4, 1, 3)), tf.float32)
    np.testing.assert_allclose(3.0 * unscaled(outputs, near) + 50.0, unscaled(outputs, far), rtol=1e-3)


def test_covariates_stay_as_they_are() -> None:
    window = tf.concat([WINDOW, 100.0 * WINDOW], axis=2)
    np.testing.assert_allclose(scaled(window, 1, 3, "mean", None, True).past[0, :, 1], [100.0, 200.0, 300.0, 600.0])


def test_a_flat_window_divides_by_nothing() -> None:
    found = scaled(tf.ones((1, 4, 1)), 1, 2, "mean", None, True)
    assert np.isfinite(found.past).all()
