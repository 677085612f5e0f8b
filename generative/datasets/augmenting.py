"""Applies an augmentation to batches, in TensorFlow and without any state."""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf

from generative.data import DataSpec
from generative.datasets.augmentation import Augmentation
from generative.datasets.warp import affine, warp
from lab.errors import bad_value


class Augmenter:
    """Changes the batch of an update: the same seed and update give the same rows.

    Args:
        augmentation: What to do.
        spec: What a row is.
        seed: Two whole numbers of 31 bits.
    """

    def __init__(self, augmentation: Augmentation, spec: DataSpec, seed: tuple[int, int]) -> None:
        augmentation.check_fits(spec)
        self.augmentation = augmentation
        self.spec = spec
        self.seed = tf.constant(seed, tf.int32)
        # XLA fuses the reading of pixels into a loop that is several times faster than TensorFlow's gathers; and it
        # draws its random numbers in its own way, so that one compiler for all lanes means the same rows in all.
        self._changed: Any = tf.function(self._change, jit_compile=True, autograph=False)

    def __call__(self, data: tf.Tensor, update: tf.Tensor) -> tf.Tensor:
        """Return changed rows.

        Args:
            data: float32 (B, ...) in [-1, 1].
            update: int32 (), the number of the update.

        Returns:
            float32 (B, ...), clipped to [-1, 1] where the data are bounded.
        """
        given = self.augmentation
        seed = tf.random.experimental.stateless_fold_in(self.seed, update)
        if given.warps or given.brightness or given.noise:
            data = self._changed(data, seed)
        if given.function is not None:
            shape = data.shape
            data = tf.convert_to_tensor(given.function(data, tf.random.experimental.stateless_fold_in(seed, 3)))
            if data.dtype != tf.float32 or not data.shape.is_compatible_with(shape):
                received = f"{data.dtype.name} {tuple(data.shape)}"
                raise bad_value("Augmentation", "function's result", received, f"float32 {tuple(shape)}")
            data = self._clipped(data)
        return data

    def _change(self, data: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        given, count = self.augmentation, data.shape[0]
        seeds = [tf.random.experimental.stateless_fold_in(seed, i) for i in range(3)]
        if given.warps:
            shape = self.spec.shape
            images = tf.reshape(data, (count, *shape[:2], -1))
            data = tf.reshape(self._warp(images, seeds[0]), data.shape)
        if given.brightness:
            each = (count, *[1] * (data.shape.rank - 1))
            limit = 2.0 * given.brightness
            data += tf.random.stateless_uniform(each, seeds[1], -limit, limit)
        if given.noise:
            data += 2.0 * given.noise * tf.random.stateless_normal(data.shape, seeds[2])
        return self._clipped(data)

    def _warp(self, images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        given, count = self.augmentation, images.shape[0]
        drawn = tf.random.stateless_uniform((7, count), seed, -1.0, 1.0)
        flips = (given.flip_horizontal, given.flip_vertical)
        signs = [tf.where(drawn[i] < 0.0, -1.0, 1.0) if flips[i] else tf.ones((count,)) for i in (0, 1)]
        angle, shear = (math.radians(limit) * drawn[i] for i, limit in ((2, given.rotation), (3, given.shear)))
        matrix = affine(angle, shear, 1.0 + given.zoom * drawn[4], tf.stack(signs, axis=1))
        height, width = self.spec.shape[:2]
        shift = given.shift * tf.stack([width * drawn[5], height * drawn[6]], axis=1)
        return warp(images, matrix, shift, given.fill)

    def _clipped(self, data: tf.Tensor) -> tf.Tensor:
        return tf.clip_by_value(data, -1.0, 1.0) if self.spec.bounded else data
