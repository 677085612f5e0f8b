"""One token after the other, each the likeliest after those before it."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from lab.errors import bad_value
from lab.networks.layers.tokens import PADDING
from lab.networks.sequences.encoder_decoder import halves_of


def greedy_decode(model: keras.Model, source: Any, start: int, end: int, length: int | None = None) -> tf.Tensor:
    """Decode sequences greedily, in one compiled loop that stops where all have ended.

    The program is kept with the model: further calls trace nothing, nor do other values of `start` and `end`. The
    encoder runs once.

    Args:
        model: As `encoder_decoder` returns.
        source: int (B, source_length), 0 for padding.
        start: The id that the decoder begins with.
        end: The id after which a sequence is over.
        length: The most ids to decode; None for the model's target length.

    Returns:
        int32 (B, length): what follows the start, `end` included, and 0 after it.

    Raises:
        UsageError: Where the source is no row of ids of the model's length, or `length` is beyond its targets.
    """
    known, most = (int(tensor.shape[1]) for tensor in model.inputs)
    count = most if length is None else length
    if isinstance(count, bool) or not isinstance(count, int | np.integer) or not 1 <= count <= most:
        raise bad_value("greedy_decode", "length", length, f"1 to {most}, the model's target length")
    ids = tf.convert_to_tensor(source)
    if len(ids.shape) != 2 or ids.shape[1] != known or not ids.dtype.is_integer:
        raise bad_value(
            "greedy_decode", "source", f"{ids.dtype.name} {tuple(ids.shape)}", f"whole numbers (B, {known})"
        )
    ends = tf.constant([start, end], tf.int32)
    return _decoded(model, tf.cast(ids, tf.int32), ends[0], ends[1], int(count))


@tf.function(autograph=False, reduce_retracing=True)
def _decoded(model: keras.Model, source: tf.Tensor, start: tf.Tensor, end: tf.Tensor, length: int) -> tf.Tensor:
    with tf.init_scope():
        encoder, decoder = halves_of(model)
    memory = encoder(source, training=False)
    positions = tf.range(model.inputs[1].shape[1])
    rows = tf.shape(source)[0]
    tokens = tf.where(positions == 0, start, PADDING) * tf.ones((rows, 1), tf.int32)

    def going_on(step: tf.Tensor, tokens: tf.Tensor, out: tf.Tensor, over: tf.Tensor) -> tf.Tensor:
        return (step < length) & ~tf.reduce_all(over)

    def one_more(step: tf.Tensor, tokens: tf.Tensor, out: tf.Tensor, over: tf.Tensor) -> tuple[tf.Tensor, ...]:
        logits = tf.gather(decoder([source, memory, tokens], training=False), step, axis=1)
        # Padding is no token to go on with.
        best = tf.argmax(logits[:, PADDING + 1 :], axis=-1, output_type=tf.int32) + PADDING + 1
        best = tf.where(over, PADDING, best)[:, None]
        out = tf.where(tf.range(length) == step, best, out)
        return step + 1, tf.where(positions == step + 1, best, tokens), out, over | (best[:, 0] == end)

    begin = (tf.constant(0), tokens, tf.zeros((rows, length), tf.int32), tf.zeros((rows,), tf.bool))
    shapes = (tf.TensorShape([]), tokens.shape, tf.TensorShape([None, length]), tf.TensorShape([None]))
    return tf.while_loop(going_on, one_more, begin, shape_invariants=shapes)[2]
