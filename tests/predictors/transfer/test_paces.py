"""Gradual unfreezing and discriminative step sizes, by hand, for any optimizer."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from predictors.parts.optimizers import make_optimizer
from predictors.settings import OPTIMIZERS
from predictors.transfer.paces import FULL, Pace, apply_at_paces, paces

PACES = [Pace(1 / 2.6**2, 2), Pace(1 / 2.6, 1), FULL]


def network(layers: int) -> keras.Model:
    return keras.Sequential([keras.Input((2,)), *(keras.layers.Dense(2) for _ in range(layers))])


def test_groups_begin_at_the_head_and_lower_ones_are_slower_and_later() -> None:
    model = network(6)
    layers = model.layers[:5]
    found = paces(layers, 3, 2.6, 10, model.trainable_variables)
    # Of five layers: the upper two, the next two, the lowest; kernel and bias each.
    groups = [3, 2, 2, 1, 1]
    expected = [Pace(2.6**-n, 10 * n) for n in groups for _ in range(2)] + [FULL, FULL]
    assert found == expected
    assert paces(layers, 3, 1.0, 0, model.trainable_variables) is None
    alone = paces(layers, 64, 2.0, 0, model.trainable_variables)
    assert [pace.factor for pace in alone or ()][::2] == [1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0]


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("compiled", [False, True])
def test_of_what_an_optimizer_moves_each_variable_keeps_its_fraction_from_its_start_on(
    name: str, compiled: bool
) -> None:
    def variables() -> list[Any]:
        return [keras.Variable(np.full((2, 2), 1.0 + i, np.float32)) for i in range(3)]

    paced, plain = variables(), variables()
    first, second = (make_optimizer(name, 0.1, 0.5, each) for each in (paced, plain))

    def move(gradients: list[tf.Tensor]) -> None:
        apply_at_paces(first, gradients, paced, PACES)

    apply: Any = tf.function(move, autograph=False) if compiled else move
    for update in range(3):
        gradients = [tf.fill((2, 2), 0.5 * (i + update + 1)) for i in range(3)]
        before = [v.numpy().copy() for v in paced]
        for mine, theirs in zip(plain, before, strict=True):
            mine.assign(theirs)
        apply(gradients)
        second.apply(gradients, plain)
        for number, (mine, theirs, old, pace) in enumerate(zip(paced, plain, before, PACES, strict=True)):
            moved = theirs.numpy() - old
            assert np.abs(moved).min() > 1e-3
            if update < pace.start:
                np.testing.assert_array_equal(mine.numpy(), old, err_msg=str(number))
            else:
                np.testing.assert_allclose(mine.numpy() - old, pace.factor * moved, rtol=1e-4)
    assert int(first.iterations) == 3
