"""A small diffusion transformer: an image as a sequence of patches."""

from __future__ import annotations

import math
from typing import Any

import keras
import tensorflow as tf

from lab.networks.layers.attention import SelfAttention
from lab.networks.layers.embeddings import condition_embedding
from lab.networks.layers.patches import PatchTokens
from lab.networks.transformer import normalised
from lab.networks.unet import DepthToSpace

EPSILON = 1e-6


@keras.saving.register_keras_serializable("lab")
class AdaptiveBlock(keras.layers.Layer):
    """One transformer block whose norms and branches are set by a condition (Peebles and Xie 2023, "DiT", adaLN-Zero).

    Args:
        heads: Of the attention.
        seed: Of the initial weights.
        expansion: Hidden units of the perceptron, in multiples of a token's size.
    """

    def __init__(self, heads: int, seed: int, expansion: int = 4, **options: Any) -> None:
        super().__init__(**options)
        self.seed, self.expansion = seed, expansion
        self.attention = SelfAttention(heads, seed, zero_start=False, dtype=self.dtype_policy)

    def build(self, tokens_shape: Any, condition_shape: Any) -> None:
        size = tokens_shape[-1]

        def dense(units: int, start: Any, activation: str | None = None) -> keras.layers.Dense:
            return keras.layers.Dense(units, activation, kernel_initializer=start, dtype=self.dtype_policy)

        start = [keras.initializers.GlorotUniform(seed=self.seed + 2 + i) for i in range(2)]
        self.modulation = dense(6 * size, "zeros")
        self.expand = dense(self.expansion * size, start[0], "gelu")
        self.contract = dense(size, start[1])
        self.attention.build(tokens_shape)
        self.modulation.build(condition_shape)
        self.expand.build(tokens_shape)
        self.contract.build((*tokens_shape[:-1], self.expansion * size))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "heads": self.attention.heads, "seed": self.seed, "expansion": self.expansion}

    def call(self, tokens: tf.Tensor, condition: tf.Tensor) -> tf.Tensor:
        """Return (B, N, C) for tokens (B, N, C) and a condition (B, U)."""
        parts = tf.split(self.modulation(condition)[:, None], 6, axis=-1)
        shift, scale, gate, shift_2, scale_2, gate_2 = parts
        tokens += gate * self.attention(modulated(tokens, shift, scale))
        return tokens + gate_2 * self.contract(self.expand(modulated(tokens, shift_2, scale_2)))

    def compute_output_shape(self, tokens_shape: Any, condition_shape: Any) -> Any:
        return tokens_shape


def modulated(tokens: tf.Tensor, shift: tf.Tensor, scale: tf.Tensor) -> tf.Tensor:
    """Normalise each token in float32 (Ba et al. 2016), multiply it by 1 + `scale` and add `shift`."""
    return normalised(tokens, EPSILON) * (1 + scale) + shift


def dit(
    shape: tuple[int, ...],
    size: int,
    *,
    depth: int = 4,
    heads: int = 4,
    patch: int = 2,
    classes: int = 0,
    seed: int = 0,
    dtype: str = "float32",
) -> keras.Model:
    """Build a diffusion transformer from images to images (Peebles and Xie 2023, section 3).

    Args:
        shape: (H, W) or (H, W, C).
        size: Numbers in a token.
        depth: Blocks.
        heads: Of each attention.
        patch: Pixels of a patch's side.
        classes, seed, dtype: As for `unet`.

    Returns:
        A model as `unet` returns.
    """
    images = keras.Input(shape)
    numbers = keras.Input((), dtype="float32")
    labels = keras.Input((), dtype="int32") if classes else None
    condition = condition_embedding(numbers, labels, classes, size, seed, dtype)
    channels = shape[2] if len(shape) == 3 else 1
    height, width = (math.ceil(side / patch) for side in shape[:2])
    over = (height * patch - shape[0], width * patch - shape[1])
    x = keras.layers.Reshape((*shape[:2], channels), dtype=dtype)(images)
    x = keras.layers.ZeroPadding2D(((0, over[0]), (0, over[1])), dtype=dtype)(x)
    x = PatchTokens(patch, size, seed + 10, dtype=dtype)(x)
    for i in range(depth):
        x = AdaptiveBlock(heads, seed + 20 + 10 * i, dtype=dtype)(x, condition)
    x = keras.layers.LayerNormalization(epsilon=EPSILON, dtype=dtype)(x)
    x = keras.layers.Dense(channels * patch**2, kernel_initializer="zeros", dtype=dtype)(x)
    x = keras.layers.Reshape((height, width, channels * patch**2), dtype="float32")(x)
    x = DepthToSpace(patch, dtype="float32")(x)
    x = keras.layers.Cropping2D(((0, over[0]), (0, over[1])), dtype="float32")(x)
    x = keras.layers.Reshape(shape, dtype="float32")(x)
    return keras.Model([images, numbers] + ([] if labels is None else [labels]), x)
