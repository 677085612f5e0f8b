"""The head of a forecast: quantiles of each step ahead, by their pinball loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from predictors.data.field import Field
from predictors.heads.head import Head
from predictors.metrics.intervals import coverage, pinball_loss
from predictors.metrics.regression import mean_absolute_error, root_mean_squared_error
from predictors.metrics.table import MetricTable

if TYPE_CHECKING:
    import tensorflow as tf

MEDIAN = 0.5


class QuantileHead(Head):
    """Learns quantiles of numbers ahead (Koenker and Bassett 1978; for networks Wen et al. 2017, section 3).

    A network's outputs for one number are put in order, so that no quantile lies above a higher one; that never makes
    the loss larger (Chernozhukov et al. 2010, proposition 4). At equal outputs it changes nothing, unlike a sum of
    positive steps, which could not begin as one point.

    Args:
        field: The target, a sequence (H, C).
        levels: Rising, in (0, 1), with 0.5 among them.
        steps: Steps that the network gives at once, from 1 to H; it learns from so many of the target's.
        log: Whether targets are logarithms of the user's numbers.
    """

    main: ClassVar[str] = "pinball"
    exported_as: ClassVar[str] = "quantiles"

    def __init__(self, field: Field, levels: tuple[float, ...], steps: int, log: bool = False) -> None:
        super().__init__(field)
        self.levels, self.steps, self.log = levels, steps, log

    @property
    def units(self) -> int:
        return int(np.prod(self.shape))

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.steps, self.field.shape[-1], len(self.levels))

    def loss(self, outputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        """Return the mean pinball loss of each example, in units of the scaled target, float32 (B,).

        Args:
            outputs: float32 (B, steps, C, Q), in any order.
            targets: float32 (B, H, C) with H >= steps.
        """
        import tensorflow as tf

        ordered = tf.sort(tf.cast(outputs, tf.float32), axis=-1)
        error = targets[:, : ordered.shape[1], :, None] - ordered
        levels = tf.constant(self.levels, tf.float32)
        return tf.reduce_mean(tf.maximum(levels * error, (levels - 1.0) * error), axis=(1, 2, 3))

    def quantiles(self, outputs: np.ndarray) -> np.ndarray:
        """Return quantiles in the user's own unit, rising, float64 (N, H, C, Q)."""
        scale, centre = (np.asarray(v)[:, None] for v in (self.field.scale, self.field.centre))
        found = np.sort(np.asarray(outputs, np.float64), axis=-1) * scale + centre
        return np.exp(found) if self.log else found

    def true(self, targets: np.ndarray) -> np.ndarray:
        """Return targets in the user's own unit, float64 (N, H, C)."""
        found = np.asarray(targets, np.float64)
        return np.exp(found) if self.log else found

    def median(self, quantiles: np.ndarray) -> np.ndarray:
        """Return the medians among quantiles (..., Q)."""
        return quantiles[..., self.levels.index(MEDIAN)]

    def answers(self, outputs: np.ndarray) -> np.ndarray:
        return self.median(self.quantiles(outputs))

    def scores(self, outputs: np.ndarray, targets: np.ndarray) -> MetricTable:
        quantiles, true = self.quantiles(outputs), self.true(targets)
        table = MetricTable()
        table["mae"] = mean_absolute_error(self.median(quantiles), true)
        table["rmse"] = root_mean_squared_error(self.median(quantiles), true)
        table["pinball"] = pinball_loss(quantiles, true, self.levels)
        if len(self.levels) > 1:
            name = f"coverage_{100 * (self.levels[-1] - self.levels[0]):.3g}"
            table[name] = coverage(quantiles[..., 0], quantiles[..., -1], true)
        return table

    def exported(self, outputs: np.ndarray) -> np.ndarray:
        return self.quantiles(outputs)

    def exported_tensor(self, outputs: tf.Tensor) -> tf.Tensor:
        import tensorflow as tf

        # By column, which are the last axis of what a field restores.
        found = tf.transpose(self.field.restored_tensor(tf.transpose(outputs, (0, 1, 3, 2))), (0, 1, 3, 2))
        return tf.exp(found) if self.log else found

    def outputs_of(self, exported: np.ndarray) -> np.ndarray:
        found = np.log(np.asarray(exported, np.float64)) if self.log else exported
        return self.field.held(found.transpose(0, 1, 3, 2)).transpose(0, 1, 3, 2)
