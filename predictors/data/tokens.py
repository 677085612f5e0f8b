"""Texts as token numbers: words of a vocabulary that the training part has."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from predictors.data.words import plain, plain_tensor

MOST_WORDS = 10_000
MOST_TOKENS = 256
# Characters of a word; a longer one is unknown.
LONGEST_WORD = 256
CHUNK = 1_024


def vocabulary_of(
    texts: np.ndarray, most_words: int = MOST_WORDS, length: int | None = None
) -> tuple[tuple[str, ...], int]:
    """Return the commonest words of the training part as a vocabulary, and how many tokens of a text are kept.

    Words are lower case, without punctuation, parted at blanks, as `keras.layers.TextVectorization` has them; for other
    scripts than Latin see `words.plain`.

    Args:
        texts: (N,), of the training part alone.
        most_words: Words in the vocabulary, padding and unknown words counted.
        length: Tokens kept of a text; None for those of the longest, at most 256.
    """
    import keras

    layer = keras.layers.TextVectorization(max_tokens=most_words)
    listed = [plain(text) for text in texts.tolist()]
    layer.adapt(listed)
    if length is None:
        longest = max(layer(listed[i : i + CHUNK]).shape[1] for i in range(0, len(listed), CHUNK))
        length = min(MOST_TOKENS, max(1, longest))
    return tuple(str(word) for word in layer.get_vocabulary() if len(word) <= LONGEST_WORD), length


def tokens(vocabulary: tuple[str, ...], length: int, texts: Any) -> np.ndarray:
    """Return token numbers, int32 (N, tokens): 0 for padding, 1 for words that training did not have."""
    layer = layer_of(vocabulary, length)
    listed = [plain(text) for text in np.asarray(texts).tolist()]
    parts = [layer(listed[i : i + CHUNK]).numpy() for i in range(0, len(listed), CHUNK)]
    return np.concatenate(parts).astype(np.int32) if parts else np.zeros((0, length), np.int32)


def tokens_tensor(vocabulary: tuple[str, ...], length: int, texts: Any) -> Any:
    """Do as `tokens` in TensorFlow, for texts that are written in Unicode's normal form C, string (N,)."""
    import tensorflow as tf

    return tf.cast(layer_of(vocabulary, length)(plain_tensor(texts)), tf.int32)


@functools.lru_cache(maxsize=8)
def layer_of(vocabulary: tuple[str, ...], length: int) -> Any:
    """Return the layer that makes token numbers of texts that are plain, with its table of words."""
    import keras

    # The first two stand for padding and unknown words.
    return keras.layers.TextVectorization(vocabulary=list(vocabulary[2:]), output_sequence_length=length)
