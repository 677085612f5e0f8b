"""A small U-Net for images with a number, and perhaps a label, that tells it what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from lab.networks.layers.attention import SelfAttention
from lab.networks.layers.embeddings import condition_embedding
from lab.networks.layers.group_norm import GroupNorm

LARGEST_GROUPS = 8
SMALLEST_GROUP = 4


def unet(
    shape: tuple[int, ...],
    channels: Sequence[int],
    *,
    blocks: int = 1,
    attention: bool = True,
    patch: int = 1,
    classes: int = 0,
    dropout: float = 0.0,
    seed: int = 0,
    dtype: str = "float32",
) -> keras.Model:
    """Build a U-Net from images to images (Ronneberger et al. 2015), with the blocks of Ho et al. (2020), appendix B.

    Residual blocks of group normalisation, SiLU and 3 x 3 convolutions, modulated by the embedded number and label;
    each level but the first halves the sides. The last layer of each block and of the network starts at 0.

    Args:
        shape: (H, W) or (H, W, C).
        channels: Of each level, from the full size down.
        blocks: Residual blocks a level on the way down; one more a level on the way up.
        attention: Whether the lowest level attends over all its places.
        patch: Pixels of a side of the squares that are taken as one place.
        classes: How many labels there are, or 0 for a network without.
        dropout: Fraction of values that each block leaves out in training.
        seed: Of the initial weights and of dropout.
        dtype: Keras' type policy: float32 or mixed_bfloat16.

    Returns:
        A model of [images (B, ...), numbers (B,)] and, with classes, labels int32 (B,) from 0 to `classes`
        inclusive, the last meaning none. Its output is float32 (B, ...).
    """
    build = _Builder(dropout, seed, dtype)
    images = keras.Input(shape)
    numbers = keras.Input((), dtype="float32")
    labels = keras.Input((), dtype="int32") if classes else None
    build.condition = condition_embedding(numbers, labels, classes, 4 * channels[0], seed, dtype)
    depth = shape[2] if len(shape) == 3 else 1
    x = images if len(shape) == 3 else keras.layers.Reshape((*shape, 1))(images)
    height, width = -(-shape[0] // patch) * patch, -(-shape[1] // patch) * patch
    x = keras.layers.ZeroPadding2D(((0, height - shape[0]), (0, width - shape[1])), dtype=dtype)(x)
    # Strided convolutions are the same map as cutting into squares first, in one layer.
    x = build.conv(x, channels[0], 3 if patch == 1 else patch, patch)
    skips = [x]
    for level, number in enumerate(channels):
        if level:
            x = build.conv(x, number, 3, 2)
            skips.append(x)
        for _ in range(blocks):
            x = build.block(x, number)
            skips.append(x)
    if attention:
        x = build.attend(x)
    x = build.block(x, channels[-1])
    for level, number in reversed(list(enumerate(channels))):
        for _ in range(blocks + 1):
            x = build.block(keras.layers.Concatenate(dtype=dtype)([x, skips.pop()]), number)
        if level:
            x = build.up(x, channels[level - 1], skips[-1].shape[1:3])
    x = build.norm(x)
    x = build.conv(x, depth * patch**2, 3, 1, zero=True)
    x = keras.layers.Activation("linear", dtype="float32")(x)
    if patch > 1:
        x = DepthToSpace(patch, dtype="float32")(x)
    x = keras.layers.Cropping2D(((0, height - shape[0]), (0, width - shape[1])), dtype="float32")(x)
    x = keras.layers.Reshape(shape, dtype="float32")(x)
    return keras.Model([images, numbers] + ([] if labels is None else [labels]), x)


@keras.saving.register_keras_serializable("lab")
class DepthToSpace(keras.layers.Layer):
    """Lays channels out as squares of pixels.

    Args:
        side: Of a square.
    """

    def __init__(self, side: int, **options: Any) -> None:
        super().__init__(**options)
        self.side = side

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "side": self.side}

    def call(self, images: tf.Tensor) -> tf.Tensor:
        return tf.nn.depth_to_space(images, self.side)

    def compute_output_shape(self, shape: Any) -> Any:
        return (shape[0], shape[1] * self.side, shape[2] * self.side, shape[3] // self.side**2)


class _Builder:
    """Makes layers, each with a seed of its own."""

    def __init__(self, dropout: float, seed: int, dtype: str) -> None:
        self.dropout, self.seed, self.dtype = dropout, seed + 10, dtype
        self.condition: keras.KerasTensor | None = None

    def next_seed(self) -> int:
        self.seed += 1
        return self.seed

    def conv(
        self, x: keras.KerasTensor, channels: int, size: int, stride: int, zero: bool = False
    ) -> keras.KerasTensor:
        start = keras.initializers.Zeros() if zero else keras.initializers.GlorotUniform(seed=self.next_seed())
        conv = keras.layers.Conv2D(channels, size, stride, "same", kernel_initializer=start, dtype=self.dtype)
        return conv(x)

    def norm(self, x: keras.KerasTensor, modulation: keras.KerasTensor | None = None) -> keras.KerasTensor:
        layer = GroupNorm(groups_for(x.shape[-1]), activation="silu", dtype=self.dtype)
        return layer(x) if modulation is None else layer(x, modulation)

    def block(self, x: keras.KerasTensor, channels: int) -> keras.KerasTensor:
        modulate = keras.layers.Dense(2 * channels, kernel_initializer="zeros", dtype=self.dtype)
        h = self.conv(self.norm(x), channels, 3, 1)
        h = self.norm(h, modulate(self.condition))
        if self.dropout:
            h = keras.layers.Dropout(self.dropout, seed=self.next_seed(), dtype=self.dtype)(h)
        h = self.conv(h, channels, 3, 1, zero=True)
        if x.shape[-1] != channels:
            x = self.conv(x, channels, 1, 1)
        return keras.layers.Add(dtype=self.dtype)([x, h])

    def attend(self, x: keras.KerasTensor) -> keras.KerasTensor:
        height, width, size = x.shape[1:]
        h = GroupNorm(groups_for(size), dtype=self.dtype)(x)
        h = keras.layers.Reshape((height * width, size), dtype=self.dtype)(h)
        heads = max(1, size // 32) if size % max(1, size // 32) == 0 else 1
        h = SelfAttention(heads, self.next_seed(), dtype=self.dtype)(h)
        h = keras.layers.Reshape((height, width, size), dtype=self.dtype)(h)
        return keras.layers.Add(dtype=self.dtype)([x, h])

    def up(self, x: keras.KerasTensor, channels: int, sides: tuple[int, int]) -> keras.KerasTensor:
        x = keras.layers.UpSampling2D(2, dtype=self.dtype)(x)
        over = (x.shape[1] - sides[0], x.shape[2] - sides[1])
        if any(over):
            x = keras.layers.Cropping2D(((0, over[0]), (0, over[1])), dtype=self.dtype)(x)
        return self.conv(x, channels, 3, 1)


def groups_for(channels: int) -> int:
    """Return how many groups `channels` are normalised in: at most 8, of at least 4 channels where that divides."""
    fitting = [g for g in range(1, LARGEST_GROUPS + 1) if channels % g == 0 and channels // g >= SMALLEST_GROUP]
    return max(fitting, default=1)
