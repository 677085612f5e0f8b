"""The ground under the lander: straight lines between eleven posts, flat where the pad is."""

from __future__ import annotations

import tensorflow as tf

from envs import random

POSTS = 11
SPACING = 2.0
"""Metres between two posts; the first is at x = -10 m, the pad reaches from -2 m to 2 m."""
ROUGHNESS = 10.0 / 3.0
PAD = slice(4, 7)


def make_ground(key: tf.Tensor) -> tf.Tensor:
    """Draw the heights of the posts over the pad (m).

    Each is the mean of three neighbours, uniform in -3.33 to 3.33 m, those around the pad 0.

    Args:
        key: uint32 (n, 2).

    Returns:
        float32 (n, 11).
    """
    rough = random.uniform(key, (POSTS + 2,), -ROUGHNESS, ROUGHNESS)
    # The post beside the pad on either side is a neighbour of the pad's, so its own height counts as 0 too.
    level = tf.constant([0.0 if PAD.start <= post <= PAD.stop + 1 else 1.0 for post in range(POSTS + 2)])
    rough = rough * level
    return (rough[:, :-2] + rough[:, 1:-1] + rough[:, 2:]) / 3.0


def height_and_slope(heights: tf.Tensor, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return how high the ground is (m) and how steep (m/m) below points.

    Args:
        heights: float32 (n, 11), of `make_ground`.
        x: float32 (n, points), metres from the pad's middle; beyond the last posts the ground goes on level.

    Returns:
        Two float32 (n, points).
    """
    posts = tf.range(POSTS, dtype=tf.float32)
    along = (x / SPACING + (POSTS - 1) / 2)[..., None]
    # Hat functions instead of a gather: XLA fuses them with what uses the heights.
    hats = tf.nn.relu(1.0 - tf.abs(tf.clip_by_value(along, 0.0, float(POSTS - 1)) - posts))
    rises = (heights[:, 1:] - heights[:, :-1]) / SPACING
    within = tf.cast((along > posts[:-1]) & (along <= posts[1:]), tf.float32)
    return tf.reduce_sum(heights[:, None] * hats, axis=-1), tf.reduce_sum(rises[:, None] * within, axis=-1)
