"""Forecasting: what forecasters export, the known steps of series to quantiles of the steps ahead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from lab.errors import bad_value
from lab.exporting import Exportable
from predictors.data.series.windows import PAST
from predictors.exporting import Answering
from predictors.forecasting.calibration import widened
from predictors.heads import QuantileHead

if TYPE_CHECKING:
    import tensorflow as tf


class Forecasting(Answering):
    """The part of a `Forecaster` that says which function it has learnt, and in which unit steps are."""

    config: Any
    widening: float
    calibrate: Callable[[], None]

    @property
    def head(self) -> QuantileHead:
        """The one head."""
        head = self.heads[0]
        if not isinstance(head, QuantileHead):
            raise bad_value(type(self).__name__, "head", type(head).__name__, "a QuantileHead")
        return head

    def export_model(self) -> Exportable:
        """Return `predict_quantiles` as a function of known steps (n, context, C + K), for one series too."""
        self.calibrate()
        return super().export_model()

    def outputs_of(self, inputs: Mapping[str, tf.Tensor]) -> list[tf.Tensor]:
        """Return quantiles, rising, float32 (n, H, C, Q), in TensorFlow, of exported inputs."""
        import tensorflow as tf

        if self.config.log:
            past, targets = inputs[PAST], self.head.field.shape[1]
            logs = tf.concat([tf.math.log(past[..., :targets]), past[..., targets:]], axis=2)
            inputs = {**inputs, PAST: logs}
        (found,) = super().outputs_of(inputs)
        return [widened(tf.sort(found, axis=-1), self.head.levels, self.widening)]

    def known_inputs(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return float steps (n, context, C + K) in the user's unit as examples have them: as logarithms if so set."""
        checked, targets = super().known_inputs(inputs), self.head.field.shape[1]
        if not self.config.log:
            return checked
        past = checked[PAST].astype(np.float64)
        if (past[..., :targets] <= 0.0).any():
            raise bad_value(f"{type(self).__name__}.predict", "past", "values <= 0", "values > 0, as log=True asks")
        past[..., :targets] = np.log(past[..., :targets])
        return {**checked, PAST: past}

    def export_inputs(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return examples' steps, float (n, context, C + K), in the user's own unit; see `Predictor.export_inputs`."""
        return super().export_inputs({**inputs, PAST: self.in_unit(inputs[PAST])})

    def in_unit(self, rows: np.ndarray) -> np.ndarray:
        """Return steps, float (..., C + K), of examples in the user's own unit."""
        if not self.config.log:
            return rows
        targets = self.head.field.shape[1]
        return np.concatenate([np.exp(rows[..., :targets]), rows[..., targets:]], axis=-1)
