"""The random numbers are Threefry's, the same compiled and not, and independent of what is drawn beside them."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from envs import random


# Known answers of threefry2x32 with 20 rounds, published with the authors' Random123 library.
@pytest.mark.parametrize(
    ("key", "counter", "expected"),
    [
        ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
        ((0xFFFFFFFF, 0xFFFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF), (0x1CB996FC, 0xBB002BE7)),
        ((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), (0xC4923A9C, 0x483DF7A0)),
    ],
)
def test_threefry_gives_the_known_answers(key, counter, expected):
    words = random.threefry(tf.constant(key, tf.uint32), *(tf.constant(c, tf.uint32) for c in counter))
    assert tuple(int(w) for w in words) == expected


def test_compiled_and_eager_draws_are_the_same_bits():
    keys = random.key_from_seed(3, 7)
    compiled = tf.function(lambda k: random.bits(k, (5,)), jit_compile=True)
    assert np.array_equal(compiled(keys).numpy(), random.bits(keys, (5,)).numpy())


def test_a_row_does_not_depend_on_its_neighbours():
    keys = random.key_from_seed(3, 7)
    assert np.array_equal(random.uniform(keys, (3,)).numpy()[2], random.uniform(keys[2], (3,)).numpy())


def test_draws_have_the_moments_of_their_names():
    keys = random.key_from_seed(1, 2_000)
    unit = random.uniform(keys, (101,)).numpy()
    assert unit.min() >= 0 and unit.max() < 1
    assert unit.mean() == pytest.approx(0.5, abs=0.003) and unit.var() == pytest.approx(1 / 12, rel=0.01)
    normal = random.normal(keys, (5, 7)).numpy()
    assert normal.shape == (2_000, 5, 7)
    assert normal.mean() == pytest.approx(0, abs=0.02) and normal.std() == pytest.approx(1, abs=0.01)
    counts = np.bincount(random.integers(keys, 6, (50,)).numpy().ravel(), minlength=6)
    assert len(counts) == 6 and np.abs(counts / 100_000 - 1 / 6).max() < 0.006
    assert random.bernoulli(keys, 0.3, (50,)).numpy().mean() == pytest.approx(0.3, abs=0.006)


def test_derived_keys_differ_from_each_other_and_from_the_draws():
    key = random.key_from_seed(0)
    derived = [tuple(k.numpy()) for k in (key, *random.split(key, 3), random.fold_in(key, 3))]
    assert len(set(derived)) == 5
    assert not {w for k in derived[1:] for w in k} & set(random.bits(key, (100,)).numpy().tolist())


def test_integers_refuses_what_24_bits_cannot_draw():
    with pytest.raises(ValueError, match="high received 0"):
        random.integers(random.key_from_seed(0), 0)


def test_numbers_drawn_in_a_compiled_program_are_those_drawn_eagerly_with_their_shapes_known():
    key = random.key_from_seed(3, 5)

    @tf.function(jit_compile=True, autograph=False)
    def drawn(key):
        first, second = random.split(key)
        numbers = random.uniform(first, (3,))
        assert numbers.shape == (5, 3) and second.shape == (5, 2)
        return numbers, second

    for compiled, eager in zip(
        drawn(key), (random.uniform(random.fold_in(key, 0), (3,)), random.fold_in(key, 1)), strict=True
    ):
        np.testing.assert_array_equal(compiled.numpy(), eager.numpy())
