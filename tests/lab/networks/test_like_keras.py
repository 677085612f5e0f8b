"""Layers of our own equal the layers of Keras that they stand for; others are tested beside what is theirs alone."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from lab.networks.layers.attention import CrossAttention, SelfAttention
from lab.networks.layers.dropout import Dropout
from lab.networks.layers.embeddings import sinusoidal_embedding
from lab.networks.layers.positions import LearntPositions

SIZE, HEADS = 8, 2
PRESENT = np.array([[True] * 5, [True, True, True, False, False]])


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def multi_head(kernels: list[np.ndarray], biases: list[np.ndarray]) -> keras.layers.MultiHeadAttention:
    """Return Keras' attention with the weights of query, key, value and output, (SIZE, SIZE) and (SIZE,) each."""
    layer, shape = keras.layers.MultiHeadAttention(HEADS, SIZE // HEADS), (HEADS, SIZE // HEADS)
    layer.build((None, None, SIZE), (None, None, SIZE))
    weights: list[np.ndarray] = []
    for kernel, bias in zip(kernels[:3], biases[:3], strict=True):
        weights += [kernel.reshape(SIZE, *shape), bias.reshape(shape)]
    layer.set_weights([*weights, kernels[3].reshape(*shape, SIZE), biases[3]])
    return layer


def gradients(call: Any, *inputs: tf.Tensor) -> list[np.ndarray]:
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        loss = tf.reduce_sum(call(*inputs) * normal(2, 5, SIZE, seed=9))
    return [np.asarray(g) for g in tape.gradient(loss, inputs)]


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("present", [None, PRESENT])
def test_self_attention_equals_multi_head_attention(causal: bool, present: np.ndarray | None) -> None:
    kernels, biases = [normal(SIZE, SIZE, seed=i) for i in range(4)], [normal(SIZE, seed=4 + i) for i in range(4)]
    ours, theirs = SelfAttention(HEADS, 0, causal=causal), multi_head(kernels, biases)
    ours.build((None, 5, SIZE))
    ours.set_weights([np.concatenate(kernels[:3], 1), np.concatenate(biases[:3]), kernels[3], biases[3]])
    tokens = tf.constant(normal(2, 5, SIZE, seed=8))
    mask = None if present is None else present[:, None, :]

    def call(x: tf.Tensor) -> tf.Tensor:
        return theirs(x, x, attention_mask=mask, use_causal_mask=causal)

    given = None if present is None else tf.constant(present)
    np.testing.assert_allclose(ours(tokens, given), call(tokens), rtol=1e-4, atol=1e-5)
    for mine, expected in zip(gradients(lambda x: ours(x, given), tokens), gradients(call, tokens), strict=True):
        np.testing.assert_allclose(mine, expected, rtol=1e-3, atol=1e-4)


def test_cross_attention_equals_multi_head_attention() -> None:
    kernels, biases = [normal(SIZE, SIZE, seed=i) for i in range(4)], [normal(SIZE, seed=4 + i) for i in range(4)]
    ours, theirs = CrossAttention(HEADS, 0), multi_head(kernels, biases)
    ours.build((None, 5, SIZE), (None, 5, SIZE))
    both = [np.concatenate(kernels[1:3], 1), np.concatenate(biases[1:3])]
    ours.set_weights([kernels[0], biases[0], *both, kernels[3], biases[3]])
    tokens, memory = (tf.constant(normal(2, 5, SIZE, seed=s)) for s in (8, 9))
    expected = theirs(tokens, memory, attention_mask=PRESENT[:, None, :])
    np.testing.assert_allclose(ours(tokens, memory, tf.constant(PRESENT)), expected, rtol=1e-4, atol=1e-5)


def test_learnt_positions_equal_an_embedding() -> None:
    ours, theirs = LearntPositions(6, 3, seed=0), keras.layers.Embedding(6, 3)
    ours.build()
    theirs.build()
    theirs.set_weights(ours.get_weights())
    places = tf.constant([[0, 5, 2], [1, 1, 4]])
    np.testing.assert_array_equal(ours(places), theirs(places))


def test_dropout_leaves_out_as_many_as_that_of_keras_and_enlarges_the_rest_alike() -> None:
    values = tf.constant(normal(200, 300))
    ours, theirs = (layer(values, training=True).numpy() for layer in (Dropout(0.3, 0), keras.layers.Dropout(0.3)))
    for dropped in (ours, theirs):
        assert (dropped == 0).mean() == pytest.approx(0.3, abs=0.01)
    both = (ours != 0) & (theirs != 0)
    np.testing.assert_allclose(ours[both], theirs[both], rtol=1e-6)


def test_embedded_numbers_are_sines_and_cosines_by_hand() -> None:
    numbers = keras.Input(())
    model = keras.Model(numbers, sinusoidal_embedding(numbers, 4, fastest=32.0, slowest=0.5))
    angles = np.array([[0.0, 0.0], [0.25 * 32.0, 0.25 * 0.5]])
    expected = np.sqrt(2.0) * np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
    np.testing.assert_allclose(model(tf.constant([0.0, 0.25])), expected, rtol=1e-5, atol=1e-6)
