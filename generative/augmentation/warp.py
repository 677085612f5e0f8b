"""Turns, slants, zooms, mirrors and shifts a batch of images with one bilinear reading of their pixels."""

from __future__ import annotations

import numpy as np
import tensorflow as tf


def affine(angle: tf.Tensor, shear: tf.Tensor, zoom: tf.Tensor, mirror: tf.Tensor) -> tf.Tensor:
    """Return where each pixel of the result is read: (zoom mirror)^-1 shear^-1 rotation^-1, x rightwards, y downwards.

    Args:
        angle: float32 (B,), radians by which the picture turns anticlockwise.
        shear: float32 (B,), radians by which its vertical lines lean to the right.
        zoom: float32 (B,), factor by which it grows.
        mirror: float32 (B, 2), -1 to mirror left and right, top and bottom, else 1.

    Returns:
        float32 (B, 2, 2).
    """
    cos, sin, lean = tf.cos(angle), tf.sin(angle), tf.tan(shear)
    # A line leaning right has its top, where y is small, farther right.
    rows = [[cos + lean * sin, lean * cos - sin], [sin, cos]]
    matrix = tf.stack([tf.stack(row, axis=-1) for row in rows], axis=-2)
    return matrix / (zoom[:, None] * mirror)[:, :, None]


def warp(images: tf.Tensor, matrix: tf.Tensor, shift: tf.Tensor, fill: str = "edge") -> tf.Tensor:
    """Read images at other places, bilinearly; the middle of the frame stays unless shifted.

    Args:
        images: float32 (B, H, W, C).
        matrix: float32 (B, 2, 2), as `affine` returns it.
        shift: float32 (B, 2), pixels by which the picture moves to the right and down, after all else.
        fill: What lies outside: "edge" the nearest pixel, "reflect" the mirrored picture, "low" -1.

    Returns:
        float32 (B, H, W, C).
    """
    height, width, channels = images.shape[1:]
    x = tf.constant(np.arange(width) - (width - 1) / 2.0, tf.float32) - shift[:, :1]
    y = tf.constant(np.arange(height) - (height - 1) / 2.0, tf.float32) - shift[:, 1:]
    a, b, c, d = (matrix[:, i, j, None, None] for i in (0, 1) for j in (0, 1))
    column = a * x[:, None, :] + b * y[:, :, None] + (width - 1) / 2.0
    row = c * x[:, None, :] + d * y[:, :, None] + (height - 1) / 2.0
    read_row, read_column = _within(row, height, fill), _within(column, width, fill)
    top, left = tf.floor(read_row), tf.floor(read_column)
    down, right = (read_row - top)[..., None], (read_column - left)[..., None]
    start = tf.range(tf.shape(images)[0])[:, None, None] * (height * width)
    top, left = tf.cast(top, tf.int32), tf.cast(left, tf.int32)
    # At the last pixel the weight of the one after it is 0.
    upper, lower = start + top * width, start + tf.minimum(top + 1, height - 1) * width
    after = tf.minimum(left + 1, width - 1)
    flat = tf.reshape(images, (-1, channels))
    # Differences, so that places on a pixel give that pixel to the bit.
    above, below = tf.gather(flat, upper + left), tf.gather(flat, lower + left)
    above += right * (tf.gather(flat, upper + after) - above)
    below += right * (tf.gather(flat, lower + after) - below)
    result = above + down * (below - above)
    if fill == "low":
        # The frame's border fades over one pixel.
        inside = _fading(row, height) * _fading(column, width)
        result = inside[..., None] * (result + 1.0) - 1.0
    return tf.ensure_shape(result, (None, height, width, channels))


def _within(place: tf.Tensor, size: int, fill: str) -> tf.Tensor:
    if fill == "reflect" and size > 1:
        # A triangle wave whose edges repeat no pixel.
        period = 2.0 * (size - 1)
        place = tf.abs(place - period * tf.round(place / period))
    return tf.clip_by_value(place, 0.0, size - 1.0)


def _fading(place: tf.Tensor, size: int) -> tf.Tensor:
    return tf.clip_by_value(tf.minimum(place + 1.0, size - place), 0.0, 1.0)
