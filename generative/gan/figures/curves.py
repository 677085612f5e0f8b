"""The losses of both players over all of training, in as many numbers for a short run as for a long one."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from lab.runs.state import Stateful

POINTS = 256


class LossCurves(Stateful):
    """Keeps means of both losses over equal intervals of updates; when all are taken, pairs of them join.

    So the figure of a trained generator needs neither its run nor its history.
    """

    def __init__(self) -> None:
        self.sums = tf.Variable(tf.zeros((POINTS, 2)), trainable=False)
        self.updates = tf.Variable(0, trainable=False)
        self.width = tf.Variable(1, trainable=False)

    def add(self, discriminator: tf.Tensor, generator: tf.Tensor) -> None:
        """Take in the losses, float32 (), of one update."""
        full = tf.equal(self.updates, POINTS * self.width)
        joined = tf.reduce_sum(tf.reshape(self.sums, (POINTS // 2, 2, 2)), axis=1)
        sums = tf.where(full, tf.concat([joined, tf.zeros_like(joined)], axis=0), self.sums)
        width = tf.where(full, 2 * self.width, self.width)
        place = self.updates // width
        self.sums.assign(tf.tensor_scatter_nd_add(sums, [[place]], [tf.stack([discriminator, generator])]))
        self.width.assign(width)
        self.updates.assign_add(1)

    def means(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the last update of each interval, int64 (n,), and the mean losses, float32 (n, 2)."""
        updates, width = int(self.updates.numpy()), int(self.width.numpy())
        ends = np.minimum(np.arange(1, -(-updates // width) + 1) * width, updates)
        counts = np.diff(ends, prepend=0)
        return ends, self.sums.numpy()[: len(ends)] / np.maximum(counts, 1)[:, None].astype(np.float32)
