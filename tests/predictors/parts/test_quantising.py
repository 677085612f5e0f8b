"""Kernels as 8 bits hold them, in training and in answers, while the variables keep their full precision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from predictors.parts.kernels import kernels_of
from predictors.parts.quantising import fake_quantised, in_int8
from tests.predictors.parts.small import check_resumes_exactly, experiment, pictures


def test_weights_are_rounded_to_127_steps_of_each_channel() -> None:
    weights = tf.constant([[1.27, -2.54, 0.0], [-0.004, 0.031, 0.0], [0.006, -0.029, 0.0]])
    # Steps of 0.01, 0.02, and of a channel of zeros any.
    expected = [[1.27, -2.54, 0.0], [0.0, 0.04, 0.0], [0.01, -0.02, 0.0]]
    np.testing.assert_allclose(fake_quantised(weights, (0,)).numpy(), expected, atol=1e-6)


def test_a_kernel_has_few_values_which_another_rounding_leaves_alone() -> None:
    weights = tf.random.stateless_normal((3, 3, 8, 4), (1, 2))
    once = fake_quantised(weights, (0, 1, 2))
    scale = np.abs(weights.numpy()).max(axis=(0, 1, 2)) / 127
    steps = once.numpy() / scale
    np.testing.assert_allclose(steps, np.round(steps), atol=1e-3)
    assert np.abs(steps).max() <= 127.001
    assert np.abs(once.numpy() - weights.numpy()).max() <= scale.max() / 2 * 1.001
    np.testing.assert_allclose(fake_quantised(once, (0, 1, 2)).numpy(), once.numpy(), rtol=1e-6)


def test_gradients_pass_straight_through_the_rounding() -> None:
    weights = tf.constant([[1.0, -0.26], [0.333, 0.0]])
    factors = tf.constant([[3.0, 5.0], [7.0, 11.0]])
    with tf.GradientTape() as tape:
        tape.watch(weights)
        total = tf.reduce_sum(factors * fake_quantised(weights, (0,)))
    np.testing.assert_array_equal(tape.gradient(total, weights).numpy(), factors.numpy())


def network() -> keras.Model:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((3,)),
            layers.Dense(4, kernel_regularizer="l2", kernel_initializer=keras.initializers.GlorotUniform(1)),
            layers.BatchNormalization(momentum=0.5),
            layers.Dropout(0.5, seed=3),
            layers.ActivityRegularization(l2=0.1),
            layers.Dense(2, kernel_initializer=keras.initializers.GlorotUniform(2)),
        ]
    )


def test_a_network_within_computes_with_rounded_kernels_and_changes_its_averages_and_seeds_for_good() -> None:
    ours, theirs = network(), network()
    kernels = kernels_of("Test", ours)
    # The reference has the rounded weights themselves.
    for mine, kernel in zip(kernels_of("Test", theirs), kernels, strict=True):
        mine.variable.assign(fake_quantised(tf.convert_to_tensor(kernel.variable), kernel.summed))
    rows = np.random.default_rng(1).normal(2.0, 3.0, (16, 3)).astype(np.float32)
    for _ in range(2):
        with tf.GradientTape() as tape, in_int8(ours, kernels):
            outputs = ours(rows, training=True)
            losses = [float(loss) for loss in ours.losses]
            total = tf.reduce_sum(outputs**2)
        gradients = tape.gradient(total, ours.trainable_variables)
        with tf.GradientTape() as tape:
            expected = theirs(rows, training=True)
            wanted = tf.reduce_sum(expected**2)
        np.testing.assert_allclose(outputs.numpy(), expected.numpy(), rtol=1e-6)
        np.testing.assert_allclose(losses, [float(loss) for loss in theirs.losses], rtol=1e-6)
        for one, other in zip(gradients, tape.gradient(wanted, theirs.trainable_variables), strict=True):
            np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-5, atol=1e-6)
    changed = zip(ours.non_trainable_variables, theirs.non_trainable_variables, strict=True)
    for one, other in changed:
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-6)
    assert not np.array_equal(ours.layers[0].kernel.numpy(), theirs.layers[0].kernel.numpy())


def test_a_run_trains_and_answers_with_rounded_kernels_and_resumes_exactly(tmp_path: Path) -> None:
    whole = experiment(tmp_path / "run", quantise="int8")
    whole.train(10)
    learner: Any = whole.learner
    check_resumes_exactly(whole, tmp_path / "run", 5)
    rows = {"input": pictures()[0]}
    (answered,) = learner.raw_outputs(rows)
    kernels = learner.compression.kernels
    before = [kernel.variable.numpy() for kernel in kernels]
    for kernel in kernels:
        kernel.variable.assign(fake_quantised(tf.convert_to_tensor(kernel.variable), kernel.summed))
    assert any(not np.array_equal(kernel.variable.numpy(), old) for kernel, old in zip(kernels, before, strict=True))
    np.testing.assert_allclose(learner.raw_outputs(rows)[0], answered, rtol=1e-5, atol=1e-6)


def test_bfloat16_trains_float32_weights_and_resumes_exactly(tmp_path: Path) -> None:
    whole = experiment(tmp_path / "run", precision="bfloat16")
    whole.train(4)
    learner: Any = whole.learner
    assert {v.dtype for v in learner.network.trainable_variables} == {"float32"}
    assert "bfloat16" in {layer.compute_dtype for layer in learner.network.layers}
    check_resumes_exactly(whole, tmp_path / "run", 8)
    rows = whole.history.rows
    assert rows[-1]["loss"] < rows[0]["loss"]
