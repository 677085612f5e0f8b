"""Group normalisation equals Keras', in value and gradient, and folds a modulation in."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from lab.networks import GroupNorm
from lab.networks.layers import group_norm

ROWS = (3.0 + 2.0 * np.random.default_rng(0).standard_normal((6, 5, 7, 12))).astype(np.float32)


@pytest.mark.parametrize("groups", [1, 3, 12])
@pytest.mark.parametrize("shape", [(6, 5, 7, 12), (6, 35, 12)])
@pytest.mark.parametrize("compiled", [False, True])
def test_it_equals_keras(groups: int, shape: tuple[int, ...], compiled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_norm, "WORTH_COMPILING", 0 if compiled else 10**9)
    rng = np.random.default_rng(1)
    mine, theirs = GroupNorm(groups), keras.layers.GroupNormalization(groups, epsilon=1e-5)
    rows, weights = tf.constant(ROWS.reshape(shape)), tf.constant(rng.standard_normal(shape), tf.float32)
    values = [rng.standard_normal(12).astype(np.float32) for _ in range(2)]
    results = []
    for layer in (mine, theirs):
        layer.build(shape)
        layer.set_weights(values)
        with tf.GradientTape() as tape:
            tape.watch(rows)
            output = layer(rows, training=True)
        gradients = tape.gradient(output, [rows, *layer.trainable_variables], output_gradients=weights)
        results.append([output, *gradients])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(results[0][0].numpy(), results[1][0].numpy(), rtol=1e-5, atol=1e-5)


def test_statistics_are_float32_under_bfloat16() -> None:
    half = GroupNorm(3, dtype="mixed_bfloat16")(tf.constant(ROWS))
    assert half.dtype == tf.bfloat16
    # bfloat16 has 8 bits; the mean of 140 values, if summed in it, would be off by far more.
    np.testing.assert_allclose(tf.cast(half, tf.float32), GroupNorm(3)(tf.constant(ROWS)), atol=0.04)


@pytest.mark.parametrize("activation", ["linear", "silu", "leaky_relu"])
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("mixed_bfloat16", 0.01)])
def test_programs_of_one_pass_equal_operations(
    activation: str, dtype: str, tolerance: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_norm, "WORTH_COMPILING", 0)
    rng = np.random.default_rng(3)
    layer, reference = GroupNorm(3, activation=activation, dtype=dtype), GroupNorm(3, activation=activation)
    values = [rng.standard_normal(12).astype(np.float32) for _ in range(2)]
    rows, modulation, weights = (
        tf.cast(tf.constant(rng.standard_normal(s), tf.bfloat16), tf.float32) for s in (ROWS.shape, (6, 24), ROWS.shape)
    )
    results = []
    for one, training in ((layer, True), (reference, False)):
        one.build(ROWS.shape)
        one.set_weights(values)
        with tf.GradientTape() as tape:
            tape.watch([rows, modulation])
            output = tf.cast(one(rows, modulation, training=training), tf.float32)
        sources = [rows, modulation, *one.trainable_variables]
        results.append([output, *tape.gradient(output, sources, output_gradients=weights)])
    for a, b in zip(*results, strict=True):
        assert float(tf.norm(a - b) / tf.norm(b)) < tolerance


def test_a_modulation_scales_and_shifts() -> None:
    more, added = np.random.default_rng(2).standard_normal((2, 6, 12)).astype(np.float32)
    layer = GroupNorm(4)
    plain = layer(tf.constant(ROWS)).numpy()
    modulated = layer(tf.constant(ROWS), tf.constant(np.concatenate([more, added], axis=1))).numpy()
    expected = plain * (1 + more[:, None, None]) + added[:, None, None]
    np.testing.assert_allclose(modulated, expected, rtol=1e-4, atol=1e-5)


def test_equal_values_do_not_divide_by_zero() -> None:
    assert np.isfinite(GroupNorm(2)(tf.fill((2, 3, 3, 4), 1e3)).numpy()).all()


def test_groups_must_divide_channels() -> None:
    with pytest.raises(ValueError, match="12 channels for 5 groups"):
        GroupNorm(5)(tf.constant(ROWS))
