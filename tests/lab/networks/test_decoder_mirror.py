"""Decoding in NumPy: equal to the Keras blocks, row by row and place by place."""

import numpy as np
import pytest
import tensorflow as tf

from lab.networks import DecoderBlock, DecoderMirror


def chain(heads=2, rotary=False, first=0):
    blocks = [DecoderBlock(heads, seed, activation="relu", rotary=rotary) for seed in (1, 2)]
    rng = np.random.default_rng(0)
    for block in blocks:
        block.build((None, None, 8))
        for variable in block.trainable_variables:
            # Scales and shifts of normalisation begin as 1 and 0, which would hide an error.
            variable.assign(variable + rng.normal(0, 0.3, variable.shape).astype(np.float32))
    return blocks, DecoderMirror(blocks, first)


def anew(blocks, tokens, present=None):
    tokens = tf.constant(tokens)
    for block in blocks:
        tokens = block(tokens, present=present)
    return tokens.numpy()


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("heads", [1, 2])
@pytest.mark.parametrize("rotary", [False, True])
def test_it_goes_on_as_the_blocks_do(heads, rotary):
    blocks, mirror = chain(heads, rotary)
    tokens = normal(3, 7, 8)
    caches = mirror.empty_caches(3, 9)
    found = [mirror(tokens[:, a:b], caches, np.full(3, a)) for a, b in ((0, 3), (3, 5), (5, 6), (6, 7))]
    expected = anew(blocks, tokens)[:, [2, 4, 5, 6]]
    np.testing.assert_allclose(np.stack(found, axis=1), expected, atol=1e-5)


@pytest.mark.parametrize("rotary", [False, True])
def test_rows_may_be_filled_to_different_places_and_refilled_alone(rotary):
    blocks, mirror = chain(rotary=rotary)
    tokens = normal(3, 6, 8)
    caches = mirror.empty_caches(3, 6)
    mirror(tokens[:, :4], caches, np.zeros(3, int))
    fresh = normal(1, 2, 8, seed=1)
    mirror(fresh, caches, np.array([0]), np.array([1]))
    new = normal(3, 1, 8, seed=2)
    found = mirror(new, caches, np.array([4, 2, 3]))
    for row, before in enumerate((tokens[:1, :4], fresh, tokens[2:, :3])):
        expected = anew(blocks, np.concatenate([before, new[row : row + 1]], axis=1))[0, -1]
        np.testing.assert_allclose(found[row], expected, atol=1e-5)


def test_places_before_the_first_are_not_looked_at():
    blocks, mirror = chain(first=1)
    tokens = normal(2, 4, 8)
    found = mirror(tokens, mirror.empty_caches(2, 4), np.zeros(2, int))
    present = tf.constant([[False, True, True, True]] * 2)
    np.testing.assert_allclose(found, anew(blocks, tokens, present)[:, -1], atol=1e-5)


def test_blocks_that_it_cannot_follow_do_not_fit():
    assert DecoderMirror.fits(chain()[0])
    for options in ({}, {"activation": "relu", "cross": True}, {"activation": "relu", "dtype": "mixed_bfloat16"}):
        assert not DecoderMirror.fits([DecoderBlock(1, 0, **options)]), options
