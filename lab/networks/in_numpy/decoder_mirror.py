"""Decodes one step after the other in microseconds: decoder blocks in NumPy over a copy of their weights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lab.networks.layers.attention import Cache
from lab.networks.layers.masks import FORBIDDEN
from lab.networks.layers.positions import frequencies
from lab.networks.transformer import EPSILON, DecoderBlock, LayerNorm

if TYPE_CHECKING:
    import keras


class Affine(NamedTuple):
    """A copy of a dense layer's weights: a matrix float32 (n, m) and a bias float32 (m,)."""

    matrix: np.ndarray
    bias: np.ndarray

    @classmethod
    def of(cls, layer: keras.layers.Dense, after: LayerNorm | None = None) -> Affine:
        """Copy a dense layer; with `after`, together with that layer's scale and shift, which are linear too."""
        matrix, bias = layer.kernel.numpy(), layer.bias.numpy()
        if after is None:
            return cls(matrix, bias)
        return cls(after.gamma.numpy()[:, None] * matrix, after.beta.numpy() @ matrix + bias)

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Return float32 (..., m) for values (..., n)."""
        # One product: NumPy multiplies a stack of matrices one by one.
        result = values.reshape(-1, len(self.matrix)).dot(self.matrix)
        result += self.bias
        return result.reshape(*values.shape[:-1], -1)


class Going(NamedTuple):
    """Where tokens come that go on after known ones.

    Attributes:
        rows: int (n,), their rows in the cache.
        places: int (n, M).
        bias: float32 (n or 1, 1, M, K), what each may look at among the first K places.
        cosine, sine: Of the angles of rotary positions, float32 (n, M, 1, D / 2).
        all: Whether `rows` are all there are, in order.
    """

    rows: np.ndarray
    places: np.ndarray
    bias: np.ndarray
    cosine: np.ndarray
    sine: np.ndarray
    all: bool


class BlockMirror:
    """Mirrors one `DecoderBlock` for which `DecoderMirror.fits` holds."""

    def __init__(self, block: DecoderBlock) -> None:
        attention = block.attention
        self.heads, self.rotary = attention.heads, attention.rotary
        self.query_key_value = Affine.of(attention.query_key_value, block.first_norm)
        self.size = len(self.query_key_value.matrix)
        for part in self.query_key_value:
            part[..., : self.size] /= math.sqrt(self.size // self.heads)
        self.output_map = Affine.of(attention.output_map)
        self.expand, self.contract = Affine.of(block.expand, block.second_norm), Affine.of(block.contract)

    def __call__(self, tokens: np.ndarray, cache: Cache, going: Going, last: int) -> np.ndarray:
        """Go on after known tokens, as `DecoderBlock.step` does.

        Args:
            tokens: float32 (n, M, C).
            cache: Of arrays; the new tokens' keys and values are written into it.
            going: Where the tokens come.
            last: How many of the last tokens are asked for.

        Returns:
            float32 (n, last, C), what becomes of those.
        """
        number, count, _ = tokens.shape
        joint = self.query_key_value(standardised(tokens)).reshape(number, count, 3, self.heads, -1)
        query, key, value = joint[:, count - last :, 0], joint[:, :, 1], joint[:, :, 2]
        if self.rotary:
            cosine, sine = going.cosine, going.sine
            query = turned(query, cosine[:, count - last :], sine[:, count - last :])
            key = turned(key, cosine, sine)
        where = going.rows[:, None], slice(None), going.places
        cache.key[where], cache.value[where] = key, value
        seen = going.bias.shape[-1]
        keys, values = (part[:, :, :seen] if going.all else part[going.rows, :, :seen] for part in cache)
        weights = query.transpose(0, 2, 1, 3) @ keys.transpose(0, 1, 3, 2)
        weights += going.bias[:, :, count - last :]
        weights -= weights.max(axis=-1, keepdims=True)
        np.exp(weights, out=weights)
        weights /= weights.sum(axis=-1, keepdims=True)
        mixed = (weights @ values).transpose(0, 2, 1, 3).reshape(number, last, self.size)
        tokens = tokens[:, count - last :] + self.output_map(mixed)
        hidden = self.expand(standardised(tokens))
        np.maximum(hidden, 0.0, out=hidden)
        return tokens + self.contract(hidden)


class DecoderMirror:
    """Mirrors a chain of decoder blocks in NumPy, to decode one step after the other.

    With few rows a step takes less time than a compiled TensorFlow call needs to begin. The weights are copied once:
    after they have changed, make a new mirror.

    Args:
        blocks: `DecoderBlock`s for which `fits` holds.
        first: The first place that other tokens may look at; earlier ones may hold anything.
    """

    def __init__(self, blocks: Sequence[DecoderBlock], first: int = 0) -> None:
        self.blocks, self.first = [BlockMirror(block) for block in blocks], first
        self.heads, self.size = self.blocks[0].heads, self.blocks[0].size
        self.frequencies = np.array(frequencies(self.size // self.heads), np.float32)

    @staticmethod
    def fits(blocks: Sequence[DecoderBlock]) -> bool:
        """Return whether all are float32, with ReLU, and without a second sequence to look at."""
        return all(b.cross is None and b.activation == "relu" and b.compute_dtype == "float32" for b in blocks)

    def empty_caches(self, rows: int, places: int) -> list[Cache]:
        """Return a cache for each block, of arrays (rows, heads, places, D)."""
        shape = (rows, self.heads, places, self.size // self.heads)
        return [Cache(np.zeros(shape, np.float32), np.zeros(shape, np.float32)) for _ in self.blocks]

    def __call__(
        self, tokens: np.ndarray, caches: Sequence[Cache], filled: np.ndarray, rows: np.ndarray | None = None
    ) -> np.ndarray:
        """Go on after the tokens whose keys and values are known.

        Args:
            tokens: float32 (n, M, C), those that follow.
            caches: As `empty_caches` and earlier calls left them; the new tokens' keys and values are written there.
            filled: int (n,), how many of each row's places are filled; the new ones come next.
            rows: int (n,), the caches' rows that these are; None for all of them, in order.

        Returns:
            float32 (n, C), what becomes of each row's last token.
        """
        going = self._going(filled[:, None] + np.arange(tokens.shape[1]), rows)
        for block, cache in zip(self.blocks[:-1], caches, strict=False):
            tokens = block(tokens, cache, going, tokens.shape[1])
        # Nothing reads the last block's other tokens.
        return self.blocks[-1](tokens, caches[-1], going, 1)[:, 0]

    def _going(self, places: np.ndarray, rows: np.ndarray | None) -> Going:
        # Where all rows are equally long they may see the same.
        asking = places[:1] if (places[:, 0] == places[0, 0]).all() else places
        seen = np.arange(places.max() + 1)
        here = asking[..., None]
        allowed = (seen <= here) & ((seen >= self.first) | (seen == here))
        bias = np.where(allowed, np.float32(0), np.float32(FORBIDDEN))[:, None]
        angles = places[..., None, None].astype(np.float32) * self.frequencies
        chosen = np.arange(len(places)) if rows is None else rows
        return Going(chosen, places, bias, np.cos(angles), np.sin(angles), rows is None)


def standardised(tokens: np.ndarray) -> np.ndarray:
    """Bring each token float32 (..., C) to mean 0 and variance 1, as `lab.networks.transformer.normalised` does."""
    size = np.float32(tokens.shape[-1])
    centred = tokens - tokens.sum(axis=-1, keepdims=True) / size
    variance = np.einsum("...i,...i->...", centred, centred)[..., None] / size
    centred /= np.sqrt(variance + np.float32(EPSILON))
    return centred


def turned(vectors: np.ndarray, cosine: np.ndarray, sine: np.ndarray) -> np.ndarray:
    """Turn queries or keys (n, M, heads, D) by their places, as `lab.networks.layers.positions.rotated` does."""
    first, second = np.split(vectors, 2, axis=-1)
    return np.concatenate([first * cosine - second * sine, second * cosine + first * sine], axis=-1)
