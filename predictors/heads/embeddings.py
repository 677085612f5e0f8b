"""EmbeddingHead: points in which examples of one class lie together, by pairs or triplets within a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
import tensorflow as tf

from lab.errors import UsageError
from predictors.data.field import Field
from predictors.heads.head import Head

if TYPE_CHECKING:
    from predictors.metrics.table import MetricTable

LOSSES = ("triplet", "contrastive")
MINING = ("semi_hard", "hard")
# Within roots, whose slope at 0 has no end.
LEAST = 1e-12


class EmbeddingHead(Head):
    """Learns points on the unit sphere by the distances between the examples of a batch.

    Args:
        field: The target, of the kind class; labels serve only to tell whether two examples are of one class.
        size: Numbers of a point.
        loss: `triplet` or `contrastive`.
        margin: By how much classes shall be apart, in squared distances (triplet) or distances (contrastive).
        mining: Which examples of other classes make triplets: `semi_hard` or `hard`.
    """

    main: ClassVar[str] = "accuracy"
    higher: ClassVar[tuple[str, ...]] = ("accuracy", "pair_auroc")
    exported_as: ClassVar[str] = "points"

    def __init__(self, field: Field, size: int, loss: str, margin: float, mining: str) -> None:
        super().__init__(field)
        self.size, self.kind, self.margin, self.mining = size, loss, margin, mining

    @property
    def units(self) -> int:
        return self.size

    def loss(self, outputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        squares = squared_distances(unit(outputs))
        same = tf.equal(targets[:, None], targets[None, :])
        if self.kind == "contrastive":
            return contrastive(squares, same, self.margin)
        return triplet(squares, same, self.margin, self.mining)

    def answers(self, outputs: np.ndarray) -> np.ndarray:
        raise UsageError("points are no labels by themselves. Fix: Siamese.predict compares them with known ones.")

    def exported(self, outputs: np.ndarray) -> np.ndarray:
        return unit(tf.constant(outputs)).numpy()

    def exported_tensor(self, outputs: tf.Tensor) -> tf.Tensor:
        return unit(outputs)

    def scores(self, outputs: np.ndarray, targets: np.ndarray) -> MetricTable:
        raise UsageError("points have no scores by themselves. Fix: Siamese.scores compares them with known ones.")


def unit(outputs: tf.Tensor) -> tf.Tensor:
    """Return vectors (B, E) of length 1 (Schroff et al. 2015, "FaceNet", section 3.1)."""
    return outputs * tf.math.rsqrt(tf.reduce_sum(tf.square(outputs), axis=1, keepdims=True) + LEAST)


def squared_distances(points: tf.Tensor) -> tf.Tensor:
    """Return the squared distance of each pair of points (B, E), float32 (B, B)."""
    return tf.reduce_sum(tf.square(points[:, None] - points[None, :]), axis=2)


def contrastive(squares: tf.Tensor, same: tf.Tensor, margin: float) -> tf.Tensor:
    """Return each example's loss over its pairs, (B,) (Hadsell et al. 2006, equation 4).

    Half the squared distance of pairs of one class, and half the square of what is missing to the margin between
    classes; the mean over either kind, so that both count alike however many classes there are.

    Args:
        squares: Squared distances, (B, B).
        same: Whether two are of one class, booleans (B, B).
        margin: A distance.
    """
    near, far = _others(same)
    missing = tf.maximum(0.0, margin - tf.sqrt(squares + LEAST))
    return 0.5 * (_mean(squares, near) + _mean(tf.square(missing), far))


def triplet(squares: tf.Tensor, same: tf.Tensor, margin: float, mining: str) -> tf.Tensor:
    """Return each anchor's loss max(0, d(a, p) - d(a, n) + margin) in squared distances, (B,) (FaceNet, equation 2).

    Args:
        squares, same: As for `contrastive`.
        margin: Of squared distances.
        mining: `semi_hard`: with each example of the anchor's class the nearest of others that is farther away than
            it, the farthest where none is (FaceNet, equation 4); the mean over them. `hard`: the farthest of the
            class with the nearest of others (Hermans et al. 2017, equation 5).

    Returns:
        0 for anchors without an example of their own or of another class; scaled so that the mean over the batch is
        that over all other anchors.
    """
    near, far = _others(same)
    whole = tf.reduce_any(near, axis=1) & tf.reduce_any(far, axis=1)
    beyond = tf.reduce_max(squares) + 1.0
    if mining == "hard":
        positive = tf.reduce_max(tf.where(near, squares, 0.0), axis=1)
        negative = tf.reduce_min(tf.where(far, squares, beyond), axis=1)
        found = tf.maximum(0.0, positive - negative + margin)
    else:
        # By anchor, positive, negative.
        farther = far[:, None, :] & (squares[:, None, :] > squares[:, :, None])
        nearest = tf.reduce_min(tf.where(farther, squares[:, None, :], beyond), axis=2)
        farthest = tf.reduce_max(tf.where(far, squares, 0.0), axis=1)[:, None]
        negatives = tf.where(tf.reduce_any(farther, axis=2), nearest, farthest)
        found = _mean(tf.maximum(0.0, squares - negatives + margin), near)
    count = tf.reduce_sum(tf.cast(whole, tf.float32))
    scale = tf.cast(tf.shape(squares)[0], tf.float32) / tf.maximum(1.0, count)
    return tf.where(whole, found, 0.0) * scale


def _others(same: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return which others are of an example's class, and which of another."""
    return tf.linalg.set_diag(same, tf.zeros(tf.shape(same)[:1], tf.bool)), ~same


def _mean(values: tf.Tensor, chosen: tf.Tensor) -> tf.Tensor:
    """Return the mean of each row's chosen values, 0 where there are none."""
    count = tf.reduce_sum(tf.cast(chosen, tf.float32), axis=1)
    return tf.reduce_sum(tf.where(chosen, values, 0.0), axis=1) / tf.maximum(1.0, count)
