"""ClassHead: one of several classes, by the logarithms of their probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from predictors.data.field import Field
from predictors.heads.head import Head
from predictors.metrics.classification import classification_metrics
from predictors.metrics.table import MetricTable

if TYPE_CHECKING:
    import tensorflow as tf


class ClassHead(Head):
    """Learns probabilities of classes by their cross-entropy with the labels.

    Args:
        field: The target, of the kind class.
        smoothing: What the labels give to all classes alike (Szegedy et al. 2016, section 7); 0 for none.
    """

    main: ClassVar[str] = "accuracy"
    higher: ClassVar[tuple[str, ...]] = ("accuracy", "top3", "f1_macro", "auroc")
    exported_as: ClassVar[str] = "logits"

    def __init__(self, field: Field, smoothing: float = 0.0) -> None:
        super().__init__(field)
        self.smoothing = smoothing

    @property
    def units(self) -> int:
        return self.field.classes or 0

    def loss(self, outputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        import tensorflow as tf

        outputs = tf.cast(outputs, tf.float32)
        if targets.shape.rank == 1 and not self.smoothing:
            return tf.nn.sparse_softmax_cross_entropy_with_logits(targets, outputs)
        wanted = tf.one_hot(targets, self.units) if targets.shape.rank == 1 else targets
        wanted = wanted * (1.0 - self.smoothing) + self.smoothing / self.units
        return tf.nn.softmax_cross_entropy_with_logits(wanted, outputs)

    def progress(self, outputs: tf.Tensor, targets: tf.Tensor) -> dict[str, tf.Tensor]:
        import tensorflow as tf

        codes = targets if targets.shape.rank == 1 else tf.argmax(targets, axis=1, output_type=tf.int32)
        hits = tf.equal(tf.argmax(outputs, axis=1, output_type=tf.int32), codes)
        return {"accuracy": tf.reduce_mean(tf.cast(hits, tf.float32))}

    def answers(self, outputs: np.ndarray) -> np.ndarray:
        return self.field.labels(outputs.argmax(axis=1))

    def probabilities(self, outputs: np.ndarray) -> np.ndarray:
        """Return the classes' probabilities, float64 (N, classes), each row adding up to 1."""
        wide = outputs.astype(np.float64)
        powers = np.exp(wide - wide.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    def scores(self, outputs: np.ndarray, targets: np.ndarray) -> MetricTable:
        return classification_metrics(self.probabilities(outputs), self.field.codes(targets))
