"""Attention with masks and a cache, positions, blocks and dropout: by hand, and against doing it all anew."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from lab.networks import (
    CrossAttention,
    DecoderBlock,
    Dropout,
    EncoderBlock,
    LayerNorm,
    LearntPositions,
    SelfAttention,
    SinusoidalPositions,
)
from lab.networks.layers.attention import Cache, attend
from lab.networks.layers.masks import causal_bias, padding_bias
from lab.networks.layers.positions import distance_bias, rotated


def normal(*shape: int, seed: int = 0) -> tf.Tensor:
    return tf.constant(np.random.default_rng(seed).standard_normal(shape).astype(np.float32))


def close(a: tf.Tensor, b: tf.Tensor, most: float = 1e-5) -> None:
    np.testing.assert_allclose(np.asarray(a), np.asarray(b), atol=most)


# ---------------------------------------------------------------- masks


def test_masks_by_hand() -> None:
    forbidden = -1e9
    assert causal_bias(tf.range(3), tf.range(3)).numpy().tolist() == [
        [0, forbidden, forbidden],
        [0, 0, forbidden],
        [0, 0, 0],
    ]
    bias = padding_bias(tf.constant([[False, True]]))
    assert bias.shape == (1, 1, 1, 2) and bias.numpy().ravel().tolist() == [forbidden, 0]


def test_attention_mixes_only_what_may_be_seen() -> None:
    value = tf.constant([[1.0], [2.0], [6.0]])[None, None]
    zeros = tf.zeros((1, 1, 3, 1))
    close(attend(zeros, zeros, value)[0, 0, :, 0], [3, 3, 3])
    close(attend(zeros, zeros, value, causal_bias(tf.range(3), tf.range(3)))[0, 0, :, 0], [1, 1.5, 3])
    close(attend(zeros, zeros, value, padding_bias(tf.constant([[False, True, True]])))[0, 0, :, 0], [4, 4, 4])
    none = attend(zeros, zeros, value, padding_bias(tf.constant([[False] * 3])))
    assert np.isfinite(none.numpy()).all(), "a row that may see nothing is no NaN"


@pytest.mark.parametrize("heads", [1, 2])
@pytest.mark.parametrize("rotary", [False, True])
def test_causal_blocks_see_nothing_later_and_no_padding(heads: int, rotary: bool) -> None:
    block = DecoderBlock(heads, seed=1, rotary=rotary)
    tokens = normal(2, 5, 8)
    block.build(tokens.shape)
    first = block(tokens)
    changed = block(tf.concat([tokens[:, :3], normal(2, 2, 8, seed=1)], axis=1))
    close(first[:, :3], changed[:, :3])
    assert np.abs(first[:, 3:] - changed[:, 3:]).max() > 1e-2
    # Padding on either side changes nothing, whatever it holds.
    filled = tf.concat([normal(2, 2, 8, seed=2), tokens, normal(2, 1, 8, seed=3)], axis=1)
    present = tf.constant([[False] * 2 + [True] * 5 + [False]] * 2)
    close(block(filled, present=present)[:, 2:7], first)
    close(block(tokens, every=(1, 3)), first[:, 1::3])


def test_an_encoder_sees_both_ways_but_no_padding() -> None:
    block = EncoderBlock(2, seed=1)
    tokens = normal(1, 4, 8)
    block.build(tokens.shape)
    present = tf.constant([[True, True, True, False]])
    first = block(tokens, present=present)
    later = block(tf.concat([tokens[:, :2], normal(1, 2, 8, seed=1)], axis=1), present=present)
    assert np.abs(first[:, 0] - later[:, 0]).max() > 1e-3, "token 0 sees token 2"
    last = block(tf.concat([tokens[:, :3], normal(1, 1, 8, seed=1)], axis=1), present=present)
    close(first[:, :3], last[:, :3])


@pytest.mark.parametrize("heads", [1, 2])
@pytest.mark.parametrize("rotary", [False, True])
def test_decoding_with_a_cache_equals_doing_it_all_anew(heads: int, rotary: bool) -> None:
    block = DecoderBlock(heads, seed=1, rotary=rotary)
    tokens = normal(3, 7, 8)
    block.build(tokens.shape)
    whole, known = block.with_cache(tokens[:, :3])
    rest = [[0, 0], [0, 0], [0, 6], [0, 0]]
    cache = Cache(tf.pad(known.key, rest), tf.pad(known.value, rest))
    present = tf.ones((1, 9), tf.bool)
    for start, end in ((3, 5), (5, 6), (6, 7)):
        out, cache = block.step(tokens[:, start:end], cache, tf.fill([3], start), present)
        whole = tf.concat([whole, out], axis=1)
    close(whole, block(tokens))


def test_rows_of_a_cache_may_be_filled_to_different_places() -> None:
    block = DecoderBlock(1, seed=1)
    tokens = normal(2, 4, 8)
    block.build(tokens.shape)
    cache = block.with_cache(tokens)[1]
    out, _ = block.step(
        tf.stack([tokens[0, 1:2], tokens[1, 3:4]]), cache, tf.constant([1, 3]), tf.ones((1, 4), tf.bool)
    )
    whole = block(tokens)
    close(out[:, 0], tf.stack([whole[0, 1], whole[1, 3]]))


def test_cross_attention_looks_at_the_other_sequence_without_its_padding() -> None:
    block = DecoderBlock(2, seed=1, cross=True)
    tokens, memory = normal(2, 3, 8), normal(2, 4, 6, seed=1)
    block.build(tokens.shape, memory.shape)
    present = tf.constant([[True, True, True, False]] * 2)
    first = block(tokens, memory=memory, memory_present=present)
    for place, seen in ((0, True), (3, False)):
        other = tf.concat([memory[:, :place], memory[:, place : place + 1] + 1.0, memory[:, place + 1 :]], axis=1)
        differs = np.abs(block(tokens, memory=other, memory_present=present) - first).max()
        assert (differs > 1e-3) == seen
    assert differs < 1e-6
    with pytest.raises(ValueError, match="8 numbers for 3 heads"):
        CrossAttention(3, 0).build((None, 2, 8), (None, 2, 8))


# ---------------------------------------------------------------- positions


def test_learnt_and_sinusoidal_positions_by_hand() -> None:
    learnt = LearntPositions(3, 2, seed=0)
    learnt.build()
    learnt.table.assign([[0, 1], [2, 3], [4, 5]])
    assert learnt(tf.constant([[2, 0]])).numpy().tolist() == [[[4, 5], [0, 1]]]
    values = SinusoidalPositions(4)(tf.constant([0, 3])).numpy()
    close(values, [[0, 0, 1, 1], [np.sin(3), np.sin(0.03), np.cos(3), np.cos(0.03)]])
    with pytest.raises(ValueError, match="size received 3; expected an even number"):
        SinusoidalPositions(3)


def test_rotary_products_depend_on_distances_only() -> None:
    query, key = normal(1, 1, 1, 6), normal(1, 1, 1, 6, seed=1)

    def product(i: int, j: int) -> float:
        return float(tf.reduce_sum(rotated(query, tf.constant([i])) * rotated(key, tf.constant([[j]]))))

    assert product(5, 3) == pytest.approx(product(102, 100), abs=1e-4)
    assert abs(product(5, 3) - product(5, 4)) > 1e-3
    close(rotated(query, tf.constant([0])), query)
    with pytest.raises(ValueError, match="received 5 a head"):
        rotated(normal(1, 1, 1, 5), tf.constant([0]))


def test_the_bias_by_distance_by_hand() -> None:
    bias = distance_bias(2, tf.constant([2]), tf.range(3))
    close(bias[:, 0], [[-2 / 16, -1 / 16, 0], [-2 / 256, -1 / 256, 0]])


# ---------------------------------------------------------------- parts


def test_layer_norm_equals_keras() -> None:
    ours, theirs = LayerNorm(), keras.layers.LayerNormalization(epsilon=1e-5)
    tokens = normal(2, 3, 8)
    for layer in (ours, theirs):
        layer.build(tokens.shape)
        layer.set_weights([normal(8, seed=1).numpy(), normal(8, seed=2).numpy()])
    close(ours(tokens), theirs(tokens))

    def gradients(layer: keras.Layer) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(tokens)
            loss = tf.reduce_sum(layer(tokens) * normal(2, 3, 8, seed=3))
        return tape.gradient(loss, [tokens, *(v.value for v in layer.trainable_variables)])

    for a, b in zip(gradients(ours), gradients(theirs), strict=True):
        close(a, b, 1e-4)


@pytest.mark.parametrize("jit", [False, True])
def test_dropout_drops_its_share_in_training_only_and_goes_on_from_its_state(jit: bool) -> None:
    layer = Dropout(0.25, seed=3)
    values = tf.ones((101, 99))
    assert layer(values) is values
    call = tf.function(lambda: layer(values, training=True), jit_compile=jit)
    state = layer.generator.state.numpy()
    first, second = call().numpy(), call().numpy()
    assert set(np.unique(first)) == {np.float32(0), np.float32(1 / 0.75)}
    assert np.mean(first == 0) == pytest.approx(0.25, abs=0.015) and np.mean(first) == pytest.approx(1.0, abs=0.02)
    assert (first != second).any()
    layer.generator.state.assign(state)
    assert (call().numpy() == first).all()
    with pytest.raises(ValueError, match="rate received 1; expected"):
        Dropout(1, seed=0)


def test_heads_must_divide_tokens() -> None:
    with pytest.raises(ValueError, match="SelfAttention received tokens of 8 numbers for 3 heads"):
        SelfAttention(3, 0).build((None, 4, 8))
