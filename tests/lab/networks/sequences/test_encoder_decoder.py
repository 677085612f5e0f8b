"""Look-ahead and padding masks, cross attention, greedy decoding, and sequences that are copied and reversed."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from lab.errors import UsageError
from lab.networks import encoder_decoder, features_of, greedy_decode
from lab.networks.sequences import decoding
from lab.networks.sequences.encoder_decoder import halves_of
from lab.training.adam import Adam

SYMBOLS, LENGTH = 12, 8
START, END, COPY, REVERSE = SYMBOLS + 1, SYMBOLS + 2, SYMBOLS + 3, SYMBOLS + 4
RNG = np.random.default_rng(0)


def ids(rows, length):
    return RNG.integers(1, 9, (rows, length)).astype(np.int32)


def small(source_length, **options):
    return encoder_decoder(9, source_length, 5, **{"width": 8, "depth": 2, "heads": 2, "seed": 1, **options})


@pytest.fixture(scope="module")
def model():
    return small(6)


def test_a_target_sees_nothing_later(model):
    source, target = ids(2, 6), ids(2, 5)
    first = np.asarray(model([source, target]))
    for t in range(5):
        changed = target.copy()
        changed[:, t] = changed[:, t] % 8 + 1
        differs = np.abs(model([source, changed]) - first).max(axis=(0, 2))
        assert (differs[:t] < 1e-6).all() and (differs[t:] > 1e-5).all()


def test_padding_of_either_changes_nothing(model):
    source, target = ids(2, 4), ids(2, 5)
    longer = small(9)
    longer.set_weights(model.get_weights())
    first = np.asarray(model([np.pad(source, ((0, 0), (0, 2))), target]))
    np.testing.assert_allclose(longer([np.pad(source, ((0, 0), (0, 5))), target]), first, atol=3e-6)
    np.testing.assert_allclose(longer([np.pad(source, ((0, 0), (3, 2))), target]), first, atol=3e-6)
    # Padding within the target: those after it see the words before it only.
    padded = np.concatenate([target[:, :3], np.zeros((2, 2), np.int32)], axis=1)
    np.testing.assert_allclose(model([np.pad(source, ((0, 0), (0, 2))), padded])[:, :3], first[:, :3], atol=3e-6)


def test_every_target_sees_every_word_of_the_source(model):
    source, target = ids(2, 6), ids(2, 5)
    first = np.asarray(model([source, target]))
    for s in range(6):
        changed = source.copy()
        changed[:, s] = changed[:, s] % 8 + 1
        assert (np.abs(model([changed, target]) - first).max(axis=2) > 1e-5).all()


def test_the_halves_together_are_the_whole(model):
    source, target = ids(3, 6), ids(3, 5)
    encoder, decoder = halves_of(model)
    source, target = tf.constant(source), tf.constant(target)
    memory = encoder(source)
    assert memory.shape == (3, 6, 8)
    np.testing.assert_allclose(decoder([source, memory, target]), model([source, target]), atol=1e-6)
    assert features_of(model)([source, target]).shape == (3, 5, 8)


def test_targets_may_have_a_vocabulary_of_their_own():
    own = small(6, target_vocabulary=7, depth=1)
    assert own([ids(2, 6), ids(2, 5) % 7]).shape == (2, 5, 7)
    with pytest.raises(UsageError, match="target_vocabulary received 1"):
        small(6, target_vocabulary=1)


def slowly(model, source, start, end, length):
    """Decode as `greedy_decode` does, step by step in Python."""
    target, out = np.zeros((len(source), 6), np.int32), np.zeros((len(source), length), np.int32)
    target[:, 0] = start
    over = np.zeros(len(source), bool)
    for t in range(length):
        logits = np.asarray(model([source, target[:, :5]]))[:, t]
        out[~over, t] = 1 + logits[~over, 1:].argmax(axis=1)
        target[:, t + 1] = out[:, t]
        over |= out[:, t] == end
    return out


@pytest.mark.thorough
def test_greedy_decoding_equals_decoding_token_by_token_and_traces_once(model):
    source = ids(6, 6)
    whole = slowly(model, source, 1, 0, 5)
    np.testing.assert_array_equal(greedy_decode(model, source, 1, 0), whole)
    traced = decoding._decoded.experimental_get_tracing_count()
    # An id that comes early in some row, so that it is over before the others.
    end = int(whole[0, 1])
    out = greedy_decode(model, source[::-1], 1, end).numpy()
    np.testing.assert_array_equal(out, slowly(model, source[::-1], 1, end, 5))
    assert (out == 0).any() and decoding._decoded.experimental_get_tracing_count() == traced
    np.testing.assert_array_equal(greedy_decode(model, source, 1, 0, length=2), whole[:, :2])
    for bad, message in (((source[:, :5], 1, 0), r"source received 'int32 \(6, 5\)'"), ((source, 1, 0, 6), "1 to 5")):
        with pytest.raises(UsageError, match=message):
            greedy_decode(model, *bad)


def sequences(seed, number):
    """Return tasks with sequences of 3 to 8 symbols, and what is to be answered, `END` after it, int32 (B, 9) each."""
    drawn = tf.random.stateless_uniform([number, LENGTH + 2], [seed, 0], 0, 2**20, tf.int32, alg="philox")
    place, lengths, task = tf.range(LENGTH), 3 + drawn[:, :1] % (LENGTH - 2), drawn[:, 1:2] % 2
    symbols = tf.where(place < lengths, 1 + drawn[:, 2:] % SYMBOLS, 0)
    turned = tf.gather(symbols, tf.maximum(lengths - 1 - place, 0), batch_dims=1)
    wanted = tf.where((task == 1) & (place < lengths), turned, symbols)
    answers = tf.pad(wanted, ((0, 0), (0, 1))) + tf.where(tf.range(LENGTH + 1) == lengths, END, 0)
    return tf.concat([COPY + task, symbols], axis=1), answers


@pytest.mark.thorough
def test_a_small_one_learns_to_copy_and_to_reverse():
    model = encoder_decoder(REVERSE + 1, LENGTH + 1, LENGTH + 1, width=32, depth=1, heads=4, dropout=0.0, seed=0)
    optimizer = Adam(model.trainable_variables, 3e-3, warmup=100, clip=1.0)

    def loss(source, answers):
        before = tf.concat([tf.fill([64, 1], START), answers[:, :-1]], axis=1)
        each = tf.nn.sparse_softmax_cross_entropy_with_logits(answers, model([source, before], training=True))
        weights = tf.cast(answers != 0, tf.float32)
        return tf.reduce_sum(each * weights) / tf.reduce_sum(weights), None

    @tf.function(autograph=False)
    def train(updates):
        def update(i, _):
            left = 1 - tf.cast(i, tf.float32) / tf.cast(updates, tf.float32)
            return i + 1, optimizer.minimise(loss, sequences(1 + i, 64), scale=left)[0]

        return tf.while_loop(lambda i, _: i < updates, update, (0, 0.0))[1]

    assert float(train(tf.constant(900))) < 0.1
    # No batch of training has this seed.
    source, answers = (part.numpy() for part in sequences(0, 1000))
    decoded = greedy_decode(model, source, START, END).numpy()
    for task in (COPY, REVERSE):
        rows = source[:, 0] == task
        words = answers[rows] != 0
        assert (decoded[rows] == answers[rows])[words].mean() >= 0.99
        assert (decoded[rows] == answers[rows]).all(axis=1).mean() >= 0.97
