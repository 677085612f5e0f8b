"""Averaged weights follow the warm-up's formula and cover everything."""

from __future__ import annotations

import keras
import numpy as np

from lab.training.moving_average import WeightAverage


def network() -> keras.Model:
    return keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(2), keras.layers.BatchNormalization(), keras.layers.Dropout(0.5, seed=1)]
    )


def test_by_hand_with_warm_up() -> None:
    source = network()
    # Drawn ones can add up to almost nothing, of which float32 has few digits.
    source.variables[0].assign([[0.5, -0.25], [0.75, -0.5], [0.25, 1.0]])
    average = WeightAverage(source, network(), decay=0.15)
    kernel = source.variables[0].numpy().copy()
    np.testing.assert_array_equal(average.network.variables[0], kernel)
    source.variables[0].assign(kernel + 1.0)
    average.update()  # keeps 1/10
    np.testing.assert_allclose(average.network.variables[0], kernel + 0.9, rtol=1e-6)
    average.update()  # keeps min(0.15, 2/11)
    np.testing.assert_allclose(average.network.variables[0], kernel + 1.0 - 0.1 * 0.15, rtol=1e-6)


def test_normalisation_statistics_are_averaged_and_seeds_copied() -> None:
    source = network()
    average = WeightAverage(source, network(), decay=0.999)
    source(np.full((4, 3), 2.0, np.float32), training=True)
    average.update()
    for mine, theirs in zip(average.network.variables, source.variables, strict=True):
        if "moving" in mine.path:
            assert not np.array_equal(theirs, np.zeros(2)) and 0 < np.abs(mine - theirs).max() < 0.2
        if "seed" in mine.path:
            np.testing.assert_array_equal(mine, theirs)


def test_its_state_is_all_it_needs() -> None:
    first, second = (WeightAverage(network(), network(), decay=0.9) for _ in range(2))
    first.source.variables[0].assign_add(np.ones((3, 2), np.float32))
    first.update()
    second.set_state(first.get_state())
    np.testing.assert_array_equal(first.network.variables[0], second.network.variables[0])
    assert second.updates.numpy() == 1.0
