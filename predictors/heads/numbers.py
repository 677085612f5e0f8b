"""NumberHead: one or more numbers, learnt in units of their standard deviation in the training part."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from predictors.data.field import Field
from predictors.heads.head import Head
from predictors.metrics.regression import regression_metrics
from predictors.metrics.table import MetricTable

if TYPE_CHECKING:
    import tensorflow as tf

ERRORS = ("mse", "mae", "huber")


class NumberHead(Head):
    """Learns numbers by the mean over columns of their squared, absolute or Huber error.

    Args:
        field: The target, of the kind number.
        error: `mse`, `mae`, or `huber`: squared within one standard deviation, beyond it absolute (Huber 1964).
    """

    main: ClassVar[str] = "rmse"
    higher: ClassVar[tuple[str, ...]] = ("r2",)

    def __init__(self, field: Field, error: str = "mse") -> None:
        super().__init__(field)
        self.error = error

    @property
    def units(self) -> int:
        return int(np.prod(self.field.shape))

    def loss(self, outputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        import tensorflow as tf

        gaps = tf.cast(outputs, tf.float32) - targets
        if self.error == "mae":
            return tf.reduce_mean(tf.abs(gaps), axis=1)
        if self.error == "mse":
            return tf.reduce_mean(tf.square(gaps), axis=1)
        near = tf.minimum(tf.abs(gaps), 1.0)
        return tf.reduce_mean(near * (tf.abs(gaps) - 0.5 * near), axis=1)

    def answers(self, outputs: np.ndarray) -> np.ndarray:
        found = self.field.restored(outputs)
        return found[:, 0] if self.field.shape == (1,) else found

    def scores(self, outputs: np.ndarray, targets: np.ndarray) -> MetricTable:
        return regression_metrics(self.field.restored(outputs), np.asarray(targets, np.float64))

    def exported(self, outputs: np.ndarray) -> np.ndarray:
        return self.answers(outputs)

    def exported_tensor(self, outputs: tf.Tensor) -> tf.Tensor:
        found = self.field.restored_tensor(outputs)
        return found[:, 0] if self.field.shape == (1,) else found

    def outputs_of(self, exported: np.ndarray) -> np.ndarray:
        return self.field.held(exported[:, None] if self.field.shape == (1,) else exported)
