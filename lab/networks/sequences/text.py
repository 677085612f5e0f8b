"""Classifiers of text as ids, from the least to the most: a bag of words, convolutions, recurrence, attention.

Id 0 is padding and changes nothing, however much of it stands before or after the text. Ids must be below the
vocabulary: a compiled program looks them up without a check.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from lab.errors import bad_value
from lab.networks.builder import Builder
from lab.networks.layers.patches import ClassToken
from lab.networks.layers.pooling import MaskedPooling
from lab.networks.layers.tokens import PADDING, TokenEmbedding
from lab.networks.sequences.recurrent import CELLS, recurrent_layers

POSITIONS = ("sinusoidal", "learnt", "rotary")


def bag_of_embeddings(
    vocabulary: int,
    length: int,
    outputs: int,
    *,
    width: int = 64,
    hidden: Sequence[int] = (64,),
    dropout: float = 0.1,
    activation: str = "relu",
    seed: int = 0,
    dtype: str = "float32",
) -> keras.Model:
    """Build dense layers on the mean of a text's word vectors (Iyyer et al. 2015, "DAN", equations 1 to 4).

    Args:
        vocabulary: How many ids there are, padding (0) among them.
        length: Ids in a row, padding among them.
        outputs: Classes, or numbers to predict.
        width: Numbers in a word's vector.
        hidden: Units of the dense layers before the last.
        dropout: Fraction of values left out in training.
        activation: Of hidden layers; initial weights follow it, see `initializer_for`.
        seed: Of initial weights and dropout.
        dtype: Keras' type policy: float32 or mixed_bfloat16.

    Returns:
        A model of ids int32 (B, length); logits float32 (B, outputs).

    Raises:
        UsageError: Where an argument is none of these.
    """
    build = Builder("bag_of_embeddings", activation, dropout, seed, dtype)
    ids, present, x = _embedded(build, vocabulary, length, width)
    x = build.hidden(build.drop(MaskedPooling("mean", dtype=dtype)(x, present)), build.wholes("hidden", hidden))
    return keras.Model(ids, build.head(x, outputs), name="bag_of_embeddings")


def conv1d_text(
    vocabulary: int,
    length: int,
    outputs: int,
    *,
    width: int = 64,
    filters: Sequence[int] = (64, 64),
    kernel: int = 5,
    pooling: str = "max",
    dropout: float = 0.1,
    activation: str = "relu",
    seed: int = 0,
    dtype: str = "float32",
) -> keras.Model:
    """Build convolutions over words and pooling over time (Kim 2014, one kernel size, in layers).

    Args:
        filters: Of each convolution.
        kernel: Words that one sees.
        pooling: "max" or "mean" over the words that are present.
        vocabulary, length, outputs, width, dropout, activation, seed, dtype: As for `bag_of_embeddings`.

    Returns:
        A model as `bag_of_embeddings` returns.

    Raises:
        UsageError: Where an argument is none of these.
    """
    build = Builder("conv1d_text", activation, dropout, seed, dtype)
    build.choice("pooling", pooling, ("max", "mean"))
    build.whole("kernel", kernel)
    ids, present, x = _embedded(build, vocabulary, length, width)
    shown = keras.ops.cast(keras.ops.expand_dims(present, -1), x.dtype)
    x = build.drop(x)
    for number in build.wholes("filters", filters):
        # Padding has a vector, and after a layer a bias: without this, words next to it would see them.
        x = build.convolve(x * shown, number, kernel)
    x = build.drop(MaskedPooling(pooling, dtype=dtype)(x, present))
    return keras.Model(ids, build.head(x, outputs), name="conv1d_text")


def recurrent_text(
    vocabulary: int,
    length: int,
    outputs: int,
    *,
    cell: str = "lstm",
    width: int = 64,
    units: Sequence[int] = (64,),
    bidirectional: bool = True,
    dropout: float = 0.1,
    seed: int = 0,
    dtype: str = "float32",
) -> keras.Model:
    """Build a recurrent network that reads words one after the other, and is read after the last.

    Args:
        cell: "lstm" (Hochreiter and Schmidhuber 1997), "gru" (Cho et al. 2014) or "simple_rnn" (Elman 1990).
        units: Of each layer, and of each direction of it.
        bidirectional: Whether a second one reads backwards (Schuster and Paliwal 1997).
        vocabulary, length, outputs, width, dropout, seed, dtype: As for `bag_of_embeddings`.

    Returns:
        A model as `bag_of_embeddings` returns.

    Raises:
        UsageError: Where an argument is none of these.
    """
    build = Builder("recurrent_text", "tanh", dropout, seed, dtype)
    build.choice("cell", cell, tuple(CELLS))
    ids, present, x = _embedded(build, vocabulary, length, width)
    x = recurrent_layers(build, build.drop(x), cell, build.wholes("units", units), bidirectional, present)
    return keras.Model(ids, build.head(build.drop(x), outputs), name="recurrent_text")


def transformer_text(
    vocabulary: int,
    length: int,
    outputs: int,
    *,
    width: int = 64,
    depth: int = 2,
    heads: int = 4,
    pooling: str = "mean",
    positions: str = "sinusoidal",
    dropout: float = 0.1,
    activation: str = "gelu",
    seed: int = 0,
    dtype: str = "float32",
) -> keras.Model:
    """Build a transformer encoder over words (Vaswani et al. 2017, section 3), normalised before each branch.

    Args:
        depth: Blocks of attention and perceptron.
        heads: Of each attention; a divisor of the width.
        pooling: "mean" over the words that are present, or "token", a learnt one of its own (Devlin et al. 2019).
        positions: "sinusoidal", "learnt" or, with "mean", "rotary" (Su et al. 2021). They count words, not padding.
        vocabulary, length, outputs, width, dropout, activation, seed, dtype: As for `bag_of_embeddings`.

    Returns:
        A model as `bag_of_embeddings` returns.

    Raises:
        UsageError: Where an argument is none of these.
    """
    build = Builder("transformer_text", activation, dropout, seed, dtype)
    build.choice("pooling", pooling, ("mean", "token"))
    build.choice("positions", positions, POSITIONS)
    build.check_heads(width, heads)
    if (pooling, positions) == ("token", "rotary"):
        # Its distance to the words would tell how much padding stands between.
        raise bad_value(build.owner, "positions", positions, "others for pooling='token'", "pooling='mean'.")
    places = "none" if positions == "rotary" else positions
    ids, present, x = _embedded(build, vocabulary, length, width, places)
    seen = present
    if pooling == "token":
        x = ClassToken(build.seed(), dtype=dtype)(x)
        seen = keras.ops.pad(present, ((0, 0), (1, 0)), constant_values=True)
    x = build.encoder(build.drop(x), depth, heads, seen, rotary=positions == "rotary")
    x = x[:, 0] if pooling == "token" else MaskedPooling("mean", dtype=dtype)(x, present)
    return keras.Model(ids, build.head(x, outputs), name="transformer_text")


def _embedded(build: Builder, vocabulary: int, length: int, width: int, places: str = "none") -> tuple[Any, Any, Any]:
    """Return ids int32 (B, length), which of them are words, bool, and their vectors (B, length, width)."""
    build.whole("vocabulary", vocabulary, 2)
    build.whole("length", length)
    if build.whole("width", width) % 2 and places == "sinusoidal":
        raise bad_value(build.owner, "width", width, "an even number, for sines and cosines", f"width={width + 1}.")
    ids = keras.Input((length,), dtype="int32", name="ids")
    options: dict[str, Any] = {"places": places, "length": length, "dtype": build.dtype}
    return ids, keras.ops.not_equal(ids, PADDING), TokenEmbedding(vocabulary, width, build.seed(), **options)(ids)
