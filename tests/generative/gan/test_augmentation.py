"""Differentiable augmentation does what its names say, alike for equal numbers, and lets gradients through."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from generative.gan.augmentation import AUGMENTATIONS, NUMBERS, augmented


def numbers(**given: tuple[float, ...]) -> tf.Tensor:
    """One row's numbers: those that change nothing, but for the given ones."""
    row = {"brightness": (0.5,), "translation": (0.5, 0.5), "cutout": (0.0, 0.0), **given}
    return tf.constant([[*row["brightness"], *row["translation"], *row["cutout"]]], tf.float32)


IMAGE = tf.reshape(tf.range(64, dtype=tf.float32) / 64 + 0.1, (1, 8, 8, 1))


def test_no_policy_changes_nothing() -> None:
    assert augmented(IMAGE, (), numbers()) is IMAGE


def test_brightness_adds_up_to_a_half_either_way() -> None:
    for number, added in ((0.0, -0.5), (0.5, 0.0), (0.75, 0.25)):
        found = augmented(IMAGE, ("brightness",), numbers(brightness=(number,)))
        np.testing.assert_allclose(found, IMAGE + added, rtol=1e-6)


def test_translation_shifts_and_fills_with_zeros() -> None:
    # An eighth of 8 pixels is one; thirds of [0, 1) are -1, 0 and 1.
    down = augmented(IMAGE, ("translation",), numbers(translation=(0.9, 0.5)))
    np.testing.assert_allclose(down[0, 1:], IMAGE[0, :-1])
    np.testing.assert_array_equal(down[0, 0], np.zeros((8, 1)))
    left = augmented(IMAGE, ("translation",), numbers(translation=(0.5, 0.1)))
    np.testing.assert_allclose(left[0, :, :-1], IMAGE[0, :, 1:])
    np.testing.assert_array_equal(left[0, :, -1], np.zeros((8, 1)))
    np.testing.assert_allclose(augmented(IMAGE, ("translation",), numbers()), IMAGE)


def test_cutout_sets_half_the_sides_to_zero() -> None:
    found = augmented(IMAGE, ("cutout",), numbers(cutout=(0.5, 0.5))).numpy()[0, :, :, 0]
    expected = IMAGE.numpy()[0, :, :, 0].copy()
    expected[2:6, 2:6] = 0
    np.testing.assert_allclose(found, expected)


def test_images_without_channels_and_of_three_are_varied_alike() -> None:
    draw = tf.random.stateless_uniform((4, NUMBERS), [1, 2])
    flat = tf.random.stateless_uniform((4, 9, 7), [3, 4])
    varied = augmented(flat, AUGMENTATIONS, draw)
    three = augmented(tf.repeat(flat[..., None], 3, axis=3), AUGMENTATIONS, draw)
    assert varied.shape == (4, 9, 7)
    for channel in range(3):
        np.testing.assert_allclose(three[..., channel], varied, rtol=1e-6)


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_gradients_go_through(name: str) -> None:
    draw, images = tf.random.stateless_uniform((6, NUMBERS), [5, 6]), tf.random.stateless_uniform((6, 8, 8, 1), [7, 8])
    with tf.GradientTape() as tape:
        tape.watch(images)
        total = tf.reduce_sum(augmented(images, (name,), draw))
    gradient = tape.gradient(total, images).numpy()
    # A pixel's slope is 1 where it is still seen and 0 where it is shifted out or covered.
    assert set(np.unique(gradient)) <= {0.0, 1.0} and gradient.mean() > 0.5
    assert (gradient == 1).all() == (name == "brightness")
