"""Random numbers as pure functions of explicit keys: Threefry-2x32 with 20 rounds.

A key is uint32 (..., 2). The same key gives the same numbers on every machine, in eager and compiled code alike, and
rows of keys give rows of independent numbers, so what an environment draws does not depend on how many are beside it.

Source: Salmon, Moraes, Dror and Shaw 2011, "Parallel Random Numbers: As Easy as 1, 2, 3", section 4.2 (Threefry).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = 0x1BD11BDA


def threefry(key: tf.Tensor, counter_0: tf.Tensor, counter_1: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Encrypt a counter of two words with a key.

    Args:
        key: uint32 (..., 2).
        counter_0, counter_1: uint32, of shapes that broadcast with the key's leading axes.

    Returns:
        Two uint32 tensors of the broadcast shape.
    """
    key_0, key_1 = key[..., 0], key[..., 1]
    words = _encrypting()(key_0, key_1, counter_0, counter_1)
    if not tf.executing_eagerly():
        shape = tf.broadcast_static_shape(tf.broadcast_static_shape(key_0.shape, counter_0.shape), counter_1.shape)
        for word in words:
            word.set_shape(shape)
    return words


@functools.cache
def _encrypting() -> Callable[..., tuple[tf.Tensor, tf.Tensor]]:
    # Traced once, for all shapes: a program calls this some ten times, and 160 operations each made tracing them the
    # longest part of starting a run.
    signature = [tf.TensorSpec(None, tf.uint32)] * 4
    return tf.function(_encrypt, autograph=False).get_concrete_function(*signature)


def _encrypt(
    key_0: tf.Tensor, key_1: tf.Tensor, counter_0: tf.Tensor, counter_1: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    parity = tf.bitwise.bitwise_xor(tf.bitwise.bitwise_xor(key_0, key_1), tf.constant(_PARITY, tf.uint32))
    schedule = (key_0, key_1, parity)
    x_0, x_1 = counter_0 + key_0, counter_1 + key_1
    for block in range(5):
        for rotation in _ROTATIONS[block % 2]:
            x_0 = x_0 + x_1
            x_1 = tf.bitwise.bitwise_xor(_rotate(x_1, rotation), x_0)
        x_0 = x_0 + schedule[(block + 1) % 3]
        x_1 = x_1 + schedule[(block + 2) % 3] + tf.constant(block + 1, tf.uint32)
    return x_0, x_1


def _rotate(x: tf.Tensor, by: int) -> tf.Tensor:
    left = tf.bitwise.left_shift(x, tf.constant(by, tf.uint32))
    return tf.bitwise.bitwise_or(left, tf.bitwise.right_shift(x, tf.constant(32 - by, tf.uint32)))


def key_from_seed(seed: int, number: int | None = None) -> tf.Tensor:
    """Return the key of a seed, uint32 (2,), or `number` independent ones, uint32 (number, 2)."""
    import numpy as np

    words = np.random.SeedSequence(seed).generate_state(2 * (number or 1), np.uint32)
    return tf.constant(words if number is None else words.reshape(number, 2))


def fold_in(key: tf.Tensor, data: Any) -> tf.Tensor:
    """Derive a key from another and a whole number or numbers, such as a step; uint32 (..., 2)."""
    words = tf.cast(tf.convert_to_tensor(data), tf.uint32)
    # The second counter word keeps keys apart from the numbers that `bits` draws with the same key.
    return tf.stack(threefry(key, words, tf.constant(0xFFFFFFFF, tf.uint32)), axis=-1)


def split(key: tf.Tensor, number: int = 2) -> tuple[tf.Tensor, ...]:
    """Derive `number` independent keys, each of the key's own shape."""
    return tuple(tf.unstack(fold_in(key[..., None, :], tf.range(number)), num=number, axis=-2))


def bits(key: tf.Tensor, shape: Sequence[int] = ()) -> tf.Tensor:
    """Draw random words for each key, uint32 (..., *shape)."""
    size = math.prod(shape)
    pairs = (size + 1) // 2
    counters = tf.range(pairs, dtype=tf.int32)
    words = threefry(key[..., None, :], tf.cast(counters, tf.uint32), tf.constant(0, tf.uint32))
    flat = tf.concat(words, axis=-1)[..., :size]
    return tf.reshape(flat, tf.concat([tf.shape(key)[:-1], tf.constant(list(shape), tf.int32)], axis=0))


def uniform(
    key: tf.Tensor, shape: Sequence[int] = (), low: Any = 0.0, high: Any = 1.0, dtype: Any = tf.float32
) -> tf.Tensor:
    """Draw uniform numbers in [low, high) for each key, with 24 random bits each.

    Args:
        key: uint32 (..., 2).
        shape: Of the numbers of one key.
        low, high: Numbers, or tensors that broadcast to the result.
        dtype: Of the result, a floating one.

    Returns:
        `dtype` (..., *shape).
    """
    words = tf.bitwise.right_shift(bits(key, shape), tf.constant(8, tf.uint32))
    # Through int32: a word of 24 bits fits, and the cast is one instruction there.
    unit = tf.cast(tf.cast(words, tf.int32), dtype) * tf.constant(2.0**-24, dtype)
    return low + (high - low) * unit


def integers(key: tf.Tensor, high: int, shape: Sequence[int] = (), dtype: Any = tf.int32) -> tf.Tensor:
    """Draw whole numbers in [0, high) for each key, (..., *shape); high is at most 2**20.

    The probabilities differ from 1 / high by less than high / 2**24 of themselves.
    """
    if not 1 <= high <= 2**20:
        raise ValueError(f"integers: high received {high}; expected 1 to 2**20.")
    return tf.cast(uniform(key, shape) * float(high), dtype)


def bernoulli(key: tf.Tensor, probability: Any, shape: Sequence[int] = ()) -> tf.Tensor:
    """Draw True with a probability for each key, bool (..., *shape)."""
    return uniform(key, shape) < probability


def normal(key: tf.Tensor, shape: Sequence[int] = (), dtype: Any = tf.float32) -> tf.Tensor:
    """Draw standard normal numbers for each key, (..., *shape) (Box and Muller 1958)."""
    u = uniform(key, (2, *shape), dtype=dtype)
    first, second = tf.split(u, 2, axis=len(key.shape) - 1)
    radius = tf.sqrt(-2.0 * tf.math.log(1.0 - first))
    return tf.squeeze(radius * tf.cos(2.0 * math.pi * second), axis=len(key.shape) - 1)
