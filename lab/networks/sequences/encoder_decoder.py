"""A transformer from one sequence to another."""

from __future__ import annotations

from typing import Any

import keras

from lab.errors import bad_value
from lab.networks.builder import Builder
from lab.networks.layers.tokens import PADDING, TokenEmbedding
from lab.networks.transformer import DecoderBlock, LayerNorm

MEMORY = "memory"


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
        See `greedy_decode`.

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
    target = keras.Input((build.whole("target_length", target_length),), dtype="int32", name="target")
    kept, present = (keras.ops.not_equal(ids, PADDING) for ids in (source, target))
    memory = build.encoder(build.drop(embedding(source)), depth, heads, kept, name=MEMORY)
    x = build.drop(own(target))
    for _ in range(depth):
        options = {"activation": activation, "dropout": build.rate, "dtype": dtype}
        block = DecoderBlock(heads, build.seed(), cross=True, **options)
        x = block(x, present=present, memory=memory, memory_present=kept)
    return keras.Model([source, target], build.head(LayerNorm(dtype=dtype)(x), words), name="encoder_decoder")


def halves_of(model: keras.Model) -> tuple[keras.Model, keras.Model]:
    """Return the two halves of an `encoder_decoder`, which share its layers.

    Returns:
        From source to memory (B, source_length, width), and from [source, memory, target] to logits.
    """
    source, target = model.inputs
    memory = model.get_layer(MEMORY).output
    return keras.Model(source, memory), keras.Model([source, memory, target], model.outputs[0])
