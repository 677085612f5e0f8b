"""Step sizes and decays, by hand."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from predictors.parts.optimizers import END, make_optimizer, rate_at
from predictors.settings import OPTIMIZERS


def test_the_step_size_grows_in_equal_parts_and_falls_along_half_a_cosine():
    found = [float(rate_at(n, "cosine", 4.0, 12.0)) for n in (0, 1, 3, 4, 8, 12, 99)]
    half = END + (1 - END) / 2
    quarter = END + (1 - END) * 0.5 * (1 + math.cos(math.pi * 0.0))
    assert found == pytest.approx([0.25, 0.5, 1.0, quarter, half, END, END])


def test_a_linear_step_size_falls_in_a_line_and_a_constant_one_stays():
    assert float(rate_at(7, "linear", 2.0, 12.0)) == pytest.approx(END + (1 - END) * 0.5)
    assert [float(rate_at(n, "constant", 2.0, 12.0)) for n in (0, 1, 50)] == [0.5, 1.0, 1.0]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_vectors_do_not_decay_and_kernels_do(name):
    kernel, bias = (keras.Variable(np.ones(shape), name=n) for shape, n in (((2, 2), "kernel"), ((2,), "bias")))
    optimizer = make_optimizer(name, 0.1, 0.5, [kernel, bias])
    optimizer.apply([tf.zeros((2, 2)), tf.zeros((2,))], [kernel, bias])
    # Without a gradient all that moves is what decays: a twentieth of each weight.
    assert kernel.numpy() == pytest.approx(np.full((2, 2), 0.95))
    assert bias.numpy() == pytest.approx(np.ones(2))


def test_sgd_makes_nesterovs_step():
    weight = keras.Variable(np.array([[1.0]]), name="kernel")
    optimizer = make_optimizer("sgd", 0.1, 0.0, [weight])
    for _ in range(2):
        optimizer.apply([tf.constant([[1.0]])], [weight])
    # m1 = -.1, w1 = 1 - .1 + .9 m1; m2 = .9 m1 - .1, w2 = w1 + .9 m2 - .1
    assert float(weight.numpy()[0, 0]) == pytest.approx(1.0 - 0.1 - 0.09 + 0.9 * (-0.19) - 0.1)
