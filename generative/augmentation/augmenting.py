"""Applies an augmentation to batches, in TensorFlow and without any state."""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf

from generative.augmentation.augmentation import Augmentation
from generative.augmentation.warp import affine, warp
from generative.spec import DataSpec
from lab.errors import bad_value

# Named, because what "auto_select" becomes under XLA takes forty times as long on a CPU for the same numbers.
ALGORITHM = "philox"
# For a number of each pixel: half the time, but XLA alone has it, and takes longer to compile it.
MANY = "threefry"


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
        # XLA makes one loop of reading the pixels, many times faster than TensorFlow's gathers.
        self._varied: Any = tf.function(self._vary, jit_compile=True, autograph=False)

    def __call__(self, data: tf.Tensor, update: tf.Tensor) -> tf.Tensor:
        """Return changed rows.

        Args:
            data: float32 (B, ...) in [-1, 1].
            update: int32 (), the number of the update.

        Returns:
            float32 (B, ...), clipped to [-1, 1] where the data are bounded.
        """
        given = self.augmentation
        seed = _fold(self.seed, update)
        count, amounts = data.shape[0], {}
        if given.warps:
            amounts["matrix"], amounts["shift"] = self._motions(count, _fold(seed, 0))
        if given.brightness:
            limit = 2.0 * given.brightness
            amounts["light"] = tf.random.stateless_uniform((count,), _fold(seed, 1), -limit, limit, alg=ALGORITHM)
        if amounts or given.noise:
            data = self._varied(data, amounts, _fold(seed, 2))
        if given.function is not None:
            shape = data.shape
            data = tf.convert_to_tensor(given.function(data, _fold(seed, 3)))
            if data.dtype != tf.float32 or not data.shape.is_compatible_with(shape):
                received = f"{data.dtype.name} {tuple(data.shape)}"
                raise bad_value("Augmentation", "function's result", received, f"float32 {tuple(shape)}")
        return tf.clip_by_value(data, -1.0, 1.0) if self.spec.bounded else data

    def _vary(self, data: tf.Tensor, amounts: dict[str, tf.Tensor], seed: tf.Tensor) -> tf.Tensor:
        each = {"row": data, **amounts}
        if self.augmentation.noise:
            # The inverse error function makes it normal; the largest float32 below 1 as limit keeps that finite.
            limit = 1.0 - 2.0**-24
            each["even"] = tf.random.stateless_uniform(data.shape, seed, -limit, limit, alg=MANY)
        # Row by row. Over a whole batch XLA would fuse all that into what uses the batch, and compute a row's amounts
        # again for each of its pixels, and the row again for each use.
        return tf.map_fn(self._vary_row, each, fn_output_signature=tf.float32)

    def _vary_row(self, each: dict[str, tf.Tensor]) -> tf.Tensor:
        given, row = self.augmentation, each["row"]
        if given.warps:
            image = tf.reshape(row, (1, *self.spec.shape[:2], -1))
            row = tf.reshape(warp(image, each["matrix"][None], each["shift"][None], given.fill), row.shape)
        if given.brightness:
            row += each["light"]
        if given.noise:
            row += 2.0 * given.noise * math.sqrt(2.0) * tf.math.erfinv(each["even"])
        return row

    def _motions(self, count: int, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return where each row's pixels are read, as `warp` takes it: float32 (count, 2, 2) and (count, 2)."""
        given = self.augmentation
        drawn = tf.random.stateless_uniform((7, count), seed, -1.0, 1.0, alg=ALGORITHM)
        flips = (given.flip_horizontal, given.flip_vertical)
        signs = [tf.where(drawn[i] < 0.0, -1.0, 1.0) if flips[i] else tf.ones((count,)) for i in (0, 1)]
        angle, shear = (math.radians(limit) * drawn[i] for i, limit in ((2, given.rotation), (3, given.shear)))
        matrix = affine(angle, shear, 1.0 + given.zoom * drawn[4], tf.stack(signs, axis=1))
        height, width = self.spec.shape[:2]
        return matrix, given.shift * tf.stack([width * drawn[5], height * drawn[6]], axis=1)


def _fold(seed: tf.Tensor, number: Any) -> tf.Tensor:
    """Return the seed of a part of what a seed stands for."""
    return tf.random.experimental.stateless_fold_in(seed, number, alg=ALGORITHM)
