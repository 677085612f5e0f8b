"""A transformer from one sequence to another."""

from __future__ import annotations

from typing import Any

import keras

from lab.errors import bad_value
from lab.networks.builder import Builder
from lab.networks.layers.tokens import PADDING, TokenEmbedding
from lab.networks.transformer import DecoderBlock, LayerNorm


def encoder_decoder(
    vocabulary: int,
    source_length: int,
    target_length: int,
    *,
    target_vocabulary: int | None = None,
    width: int = 64,
    depth: int = 2,
    heads: int = 4,
    dropout: float = 0.1,
    activation: str = "relu",
    seed: int = 0,
    dtype: str = "float32",
) -> keras.Model:
    """Build an encoder, and a decoder that attends to it (Vaswani et al. 2017, figure 1).

    As all blocks here it normalises before each branch (Xiong et al. 2020).
    A target's token sees itself and earlier ones (the look-ahead mask), and no token sees padding, id 0, of either.

    Args:
        vocabulary: How many ids a source has, padding (0) among them.
        source_length, target_length: Ids in a row of each, padding among them.
        target_vocabulary: Of the targets; None for the same ids, whose vectors are then shared (there, section 3.4).
        width: Numbers in a token; even.
        depth: Blocks of the encoder, and of the decoder.
        heads: Of each attention; a divisor of the width.
        dropout: Of tokens, attention and each branch, in training.
        activation: Of the blocks' hidden units.
        seed: Of initial weights and dropout.
        dtype: Keras' type policy: float32 or mixed_bfloat16.

    Returns:
        A model of [source int32 (B, source_length), target int32 (B, target_length)], the target beginning with its
        start token; logits float32 (B, target_length, vocabulary), those at t of the token that comes after token t.
        Its layers "encoder" and "decoder" are models themselves; see `greedy_decode`.

    Raises:
        UsageError: Where an argument is none of these.
    """
    build = Builder("encoder_decoder", activation, dropout, seed, dtype)
    build.check_heads(width, heads)
    if width % 2:
        raise bad_value(build.owner, "width", width, "an even number, for sines and cosines", f"width={width + 1}.")
    build.whole("vocabulary", vocabulary, 2)
    options: dict[str, Any] = {"places": "sinusoidal", "dtype": dtype}
    embedding = TokenEmbedding(vocabulary, width, build.seed(), **options)
    shared = target_vocabulary is None
    words = vocabulary if target_vocabulary is None else build.whole("target_vocabulary", target_vocabulary, 2)
    own = embedding if shared else TokenEmbedding(words, width, build.seed(), **options)

    source = keras.Input((build.whole("source_length", source_length),), dtype="int32", name="source")
    x = build.drop(embedding(source))
    x = build.encoder(x, depth, heads, keras.ops.not_equal(source, PADDING))
    encoder = keras.Model(source, x, name="encoder")

    seen = keras.Input((source_length,), dtype="int32", name="seen")
    memory = keras.Input((source_length, width), dtype=x.dtype, name="memory")
    target = keras.Input((build.whole("target_length", target_length),), dtype="int32", name="target")
    y = build.drop(own(target))
    present, kept = keras.ops.not_equal(target, PADDING), keras.ops.not_equal(seen, PADDING)
    for _ in range(depth):
        block = DecoderBlock(
            heads, build.seed(), cross=True, activation=activation, dropout=build.rate, dtype=dtype
        )  # fmt: skip
        y = block(y, present=present, memory=memory, memory_present=kept)
    logits = build.head(LayerNorm(dtype=dtype)(y), words)
    decoder = keras.Model([seen, memory, target], logits, name="decoder")

    first = keras.Input((source_length,), dtype="int32", name="source")
    second = keras.Input((target_length,), dtype="int32", name="target")
    return keras.Model([first, second], decoder([first, encoder(first), second]), name="encoder_decoder")
