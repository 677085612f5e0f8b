"""Padding changes nothing, order does where it should, and the parts equal Keras' own or a sum by hand."""

from __future__ import annotations

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from lab.errors import UsageError
from lab.networks import (
    MaskedPooling,
    TokenEmbedding,
    bag_of_embeddings,
    conv1d_text,
    recurrent_text,
    spectrogram_transformer,
    transformer_text,
)
from lab.networks.layers.positions import SinusoidalPositions
from lab.networks.layers.tokens import places_of

VOCABULARY, WORDS = 9, 4
BLOCKS = {"width": 8, "depth": 1, "heads": 2, "seed": 1}
TEXTS = np.random.default_rng(0).integers(1, VOCABULARY, (3, WORDS)).astype(np.int32)
CASES = {
    "bag": functools.partial(bag_of_embeddings, width=8, hidden=(8,), seed=1),
    "conv1d": functools.partial(conv1d_text, width=8, filters=(8, 8), kernel=3, seed=1),
    "conv1d_mean": functools.partial(conv1d_text, width=8, filters=(8, 8), pooling="mean", seed=1),
    "lstm": functools.partial(recurrent_text, width=8, units=(6, 4), seed=1),
    "gru": functools.partial(recurrent_text, cell="gru", width=8, units=(6,), seed=1),
    "simple_rnn": functools.partial(
        recurrent_text, cell="simple_rnn", width=8, units=(6,), bidirectional=False, seed=1
    ),
    "sinusoidal": functools.partial(transformer_text, **BLOCKS),
    "learnt": functools.partial(transformer_text, positions="learnt", **BLOCKS),
    "rotary": functools.partial(transformer_text, positions="rotary", **BLOCKS),
    "token": functools.partial(transformer_text, pooling="token", **BLOCKS),
}


def padded(texts, before, after):
    return np.pad(texts, ((0, 0), (before, after)))


@functools.cache
def model_of(name, length):
    return CASES[name](VOCABULARY, length, 5)


@pytest.mark.parametrize("name", CASES)
def test_padding_changes_nothing_wherever_and_however_much(name):
    short, long = model_of(name, WORDS + 2), model_of(name, WORDS + 5)
    weights = short.get_weights()
    # A longer text may have more places that are learnt; the others are the same.
    pairs = zip(weights, long.get_weights(), strict=True)
    long.set_weights([a if a.shape == b.shape else np.concatenate([a, b[len(a) :]]) for a, b in pairs])
    expected = np.asarray(short(padded(TEXTS, 0, 2)))
    for model, before, after in ((short, 2, 0), (short, 1, 1), (long, 0, 5), (long, 3, 2)):
        np.testing.assert_allclose(model(padded(TEXTS, before, after)), expected, atol=3e-6)
    changed = TEXTS.copy()
    changed[:, -1] = changed[:, -1] % (VOCABULARY - 1) + 1
    assert np.abs(short(padded(changed, 0, 2)) - expected).max(axis=1).min() > 1e-4, "the last word is not seen"
    assert np.isfinite(short(np.zeros((2, WORDS + 2), np.int32))).all()


@pytest.mark.parametrize("name", CASES)
def test_all_but_the_bag_of_words_see_the_order(name):
    model = model_of(name, WORDS + 2)
    turned = np.abs(model(padded(TEXTS[:, ::-1], 0, 2)) - model(padded(TEXTS, 0, 2))).max()
    assert (turned < 1e-5) == (name == "bag")


def test_recurrence_equals_keras_with_its_own_masks():
    ours = recurrent_text(VOCABULARY, 6, 5, width=8, units=(6,), bidirectional=False, seed=1)
    theirs = keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.Embedding(VOCABULARY, 8, mask_zero=True),
            keras.layers.LSTM(6),
            keras.layers.Dense(5),
        ]
    )
    table, *others = [np.asarray(w) for w in ours.trainable_variables]
    for variable, value in zip(theirs.trainable_variables, [table * np.sqrt(8), *others], strict=True):
        variable.assign(value)
    np.testing.assert_allclose(ours(padded(TEXTS, 0, 2)), theirs(padded(TEXTS, 0, 2)), atol=1e-5)


def test_pooling_by_hand_and_against_keras():
    tokens = tf.constant([[[1.0, -5], [3, -7], [90, 90]], [[8, 8], [8, 8], [8, 8]]])
    present = tf.constant([[True, True, False], [False] * 3])
    assert MaskedPooling("mean")(tokens, present).numpy().tolist() == [[2, -6], [0, 0]]
    assert MaskedPooling("max")(tokens, present).numpy().tolist() == [[3, -5], [0, 0]]
    theirs = keras.layers.GlobalAveragePooling1D()(tokens[:1], mask=present[:1])
    np.testing.assert_allclose(MaskedPooling("mean")(tokens[:1], present[:1]), theirs)
    with pytest.raises(ValueError, match="mode received 'sum'"):
        MaskedPooling("sum")


def test_tokens_are_vectors_times_the_root_of_their_size_and_places_count_words_only():
    ids = tf.constant([[0, 0, 3, 1], [2, 4, 0, 0]])
    assert places_of(ids).numpy().tolist() == [[0, 0, 0, 1], [0, 1, 1, 1]]
    layer = TokenEmbedding(6, 4, 3, places="sinusoidal")
    out = layer(ids).numpy()
    waves = SinusoidalPositions(4)(tf.range(2)).numpy()
    np.testing.assert_allclose(out[0, 2:], 2 * layer.table.numpy()[[3, 1]] + waves, atol=1e-6)
    np.testing.assert_allclose(out[1, :2], 2 * layer.table.numpy()[[2, 4]] + waves, atol=1e-6)
    assert np.asarray(TokenEmbedding(4000, 16, 1)(tf.range(4000)[None])).var() == pytest.approx(1, rel=0.03)


def test_strides_shorten_a_spectrogram_and_its_order_is_seen():
    model = spectrogram_transformer((21, 6), 3, width=8, depth=1, heads=2, strides=(2, 2), pooling="token", seed=1)
    convolutions = [one for one in model.layers if isinstance(one, keras.layers.Conv1D)]
    assert [one.output.shape[1:] for one in convolutions] == [(11, 8), (6, 8)]
    sound = np.random.default_rng(0).standard_normal((1, 21, 6)).astype(np.float32)
    assert np.abs(model(sound) - model(sound[:, ::-1])).max() > 1e-3


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: recurrent_text(9, 4, 2, cell="rnn"), "cell received 'rnn'; expected one of lstm, gru, simple_rnn"),
        (lambda: recurrent_text(9, 4, 2, units=()), "units received .*; expected at least one layer's units"),
        (lambda: transformer_text(9, 4, 2, width=7, heads=1), "width received 7; expected an even number"),
        (lambda: transformer_text(9, 4, 2, pooling="token", positions="rotary"), "positions received 'rotary'"),
        (lambda: bag_of_embeddings(1, 4, 2), "vocabulary received 1; expected a whole number >= 2"),
        (lambda: conv1d_text(9, 4, 2, pooling="sum"), "pooling received 'sum'; expected one of max, mean"),
        (
            lambda: spectrogram_transformer((3, 6), 2),
            "strides received .*; expected two steps or more left of 3 frames",
        ),
        (lambda: spectrogram_transformer((30, 6, 1), 2), r"shape received \(30, 6, 1\); expected \(frames, mels\)"),
    ],
)
def test_bad_arguments_get_one_clear_error(build, message):
    with pytest.raises(UsageError, match=message):
        build()
