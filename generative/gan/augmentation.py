"""Differentiable augmentation: what the discriminator sees is varied, so that it cannot learn rows by heart.

Zhao et al. 2020, "Differentiable Augmentation for Data-Efficient GAN Training". Samples pass through it too and the
generator learns through it, so that it does not learn to draw the variations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import tensorflow as tf

AUGMENTATIONS = ("brightness", "translation", "cutout")
# Random numbers that a row needs.
NUMBERS = 5
FARTHEST = 0.125
CUT = 0.5


def augmented(images: tf.Tensor, policy: Sequence[str], numbers: tf.Tensor) -> tf.Tensor:
    """Return images varied each in its own way; equal numbers vary in equal ways.

    Args:
        images: float32 (B, H, W) or (B, H, W, C) in [-1, 1].
        policy: Which of `AUGMENTATIONS`; they are applied in the order of that table.
        numbers: float32 (B, 5) in [0, 1).
    """
    if not policy:
        return images
    varied = images if len(images.shape) == 4 else images[..., None]
    for name, (vary, part) in _WAYS.items():
        if name in policy:
            varied = vary(varied, numbers[:, part])
    return varied if len(images.shape) == 4 else varied[..., 0]


def brightness(images: tf.Tensor, numbers: tf.Tensor) -> tf.Tensor:
    """Add one number in [-0.5, 0.5) to all of an image; (B, H, W, C) and numbers (B, 1)."""
    return images + (numbers[:, :, None, None] - 0.5)


def translation(images: tf.Tensor, numbers: tf.Tensor) -> tf.Tensor:
    """Shift an image by up to an eighth of its sides, 0 coming in; (B, H, W, C) and numbers (B, 2)."""
    height, width = images.shape[1], images.shape[2]
    down, right = (_shift(numbers[:, i], side) for i, side in enumerate((height, width)))
    # Products with shifted unit matrices: their gradient is a product too, where that of a gather is a slow scatter.
    images = tf.einsum("bij,bjwc->biwc", down, images)
    return tf.einsum("bij,bhjc->bhic", right, images)


def cutout(images: tf.Tensor, numbers: tf.Tensor) -> tf.Tensor:
    """Set a rectangle of half the sides to 0, its middle anywhere; (B, H, W, C) and numbers (B, 2)."""
    inside = [_covered(numbers[:, i], images.shape[1 + i]) for i in range(2)]
    return images * (1.0 - inside[0][:, :, None, None] * inside[1][:, None, :, None])


def _shift(number: tf.Tensor, side: int) -> tf.Tensor:
    """Return matrices (B, side, side) that shift by a whole number of pixels."""
    most = max(1, round(side * FARTHEST))
    steps = tf.floor(number * (2 * most + 1)) - most
    places = tf.range(side, dtype=tf.float32)
    source = places[None, :, None] - steps[:, None, None]
    return tf.cast(tf.equal(source, places[None, None, :]), tf.float32)


def _covered(number: tf.Tensor, side: int) -> tf.Tensor:
    """Return 1 where an interval of half the side lies, float32 (B, side)."""
    length = max(1, round(side * CUT))
    start = tf.floor(number * (side + 1)) - length // 2
    places = tf.range(side, dtype=tf.float32)[None]
    return tf.cast((places >= start[:, None]) & (places < start[:, None] + length), tf.float32)


_WAYS: dict[str, tuple[Callable[[tf.Tensor, tf.Tensor], tf.Tensor], slice]] = {
    "brightness": (brightness, slice(0, 1)),
    "translation": (translation, slice(1, 3)),
    "cutout": (cutout, slice(3, 5)),
}
