"""Forecaster: goes on with series, and says how sure it is."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
import tensorflow as tf

from lab.config import Settings
from lab.errors import UsageError, bad_value
from lab.seeding import Seeds
from predictors.data.examples import Examples, ExampleSpec, Part
from predictors.data.series.series import Series
from predictors.data.series.windows import AHEAD, FUTURE, PAST, Windows, windows
from predictors.forecasting.calibration import widened, widening
from predictors.forecasting.exporting import Forecasting
from predictors.forecasting.networks import make_network
from predictors.forecasting.rolling import draws, rolled
from predictors.forecasting.scaling import scaled, unscaled
from predictors.forecasting.settings import ForecasterSettings
from predictors.heads import Head, QuantileHead
from predictors.metrics.forecasting import forecasting_metrics
from predictors.metrics.table import MetricTable
from predictors.network_predictor import NetworkPredictor

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure


class Forecast(NamedTuple):
    """What comes after a series, in its own unit.

    Attributes:
        median: float64 (H,), or (H, C) for several series.
        quantiles: float64 (H, Q) or (H, C, Q), rising.
        levels: Of the quantiles, (Q,).
    """

    median: np.ndarray
    quantiles: np.ndarray
    levels: tuple[float, ...]


class Forecaster(Forecasting, NetworkPredictor):
    """Learns quantiles of the steps ahead of a `Series` by their pinball loss.

    Directly, one call of the network gives all steps ahead; autoregressively it gives one, and goes on from futures
    that it draws itself. A network of your own maps past float32 (B, context, C + K), or with covariates a dict of it
    and future (B, steps, K), to (B, steps, C, Q), where steps is 1 if it is autoregressive; see `NetworkPredictor`.
    """

    Settings: ClassVar[type[Settings]] = ForecasterSettings
    kinds = ("forecasts", "errors")
    default_steps: ClassVar[int] = 1_000
    not_state: tuple[str, ...] = ("normals", "ending", "selection")

    ending: np.ndarray | None = None
    selection: Part | None = None

    # ---------------------------------------------------------------- its examples

    def examples(self, source: Any) -> Examples:
        if not isinstance(source, Series):
            fix = "Series(values, period=...); rows with targets are for a Regressor."
            raise bad_value(type(self).__name__, "source", type(source).__name__, "a Series", fix)
        context, horizon = self.config.window(source)
        if self.config.log:
            source = source.logarithm()
        found = windows(source, context, horizon, self.config.origins)
        self.selection = found.selection
        self.ending = np.concatenate([source.values, source.covariates], axis=1)[-context:]
        return found

    def setup(self, spec: ExampleSpec, seeds: Seeds) -> None:
        super().setup(spec, seeds)
        if self.ending is not None:
            self.tail = self.ending

    def check_spec(self, spec: ExampleSpec) -> None:
        kinds = [(field.name, field.kind) for field in (*spec.inputs, *spec.targets)]
        named = [(PAST, "sequence"), *([(FUTURE, "sequence")] if len(spec.inputs) > 1 else []), (AHEAD, "sequence")]
        if kinds != named:
            raise bad_value(type(self).__name__, "examples", kinds, "the windows of a Series")

    def make_head(self, field: Any) -> Head:
        return QuantileHead(field, self.config.quantiles, self.steps, self.config.log)

    @property
    def steps(self) -> int:
        """Steps that one call of the network gives."""
        return int(self.spec.targets[0].shape[0]) if self.config.mode == "direct" else 1

    # ---------------------------------------------------------------- its network

    def network_spec(self) -> ExampleSpec:
        inputs = (
            field if field.name == PAST else dataclasses.replace(field, shape=(self.steps, field.shape[1]))
            for field in self.spec.inputs
        )
        return dataclasses.replace(self.spec, inputs=tuple(inputs))

    def make_network(self) -> keras.Model:
        c, (context, channels) = self.config, self.spec.inputs[0].shape
        targets = self.spec.targets[0].shape[1]
        sizes = {"context": context, "horizon": self.steps, "channels": channels, "targets": targets}
        sizes |= {"quantiles": len(c.quantiles), "future": channels - targets}
        dtype = "float32" if c.precision == "float32" else "mixed_bfloat16"
        return make_network(c.architecture, sizes, c.dropout, self.seeds.integer("network"), dtype)

    def build(self) -> None:
        super().build()
        self.main_metric = "mase"
        horizon, targets = self.spec.targets[0].shape
        # Drawn for the futures that it goes on from: of no use where all steps come at once.
        paths = 0 if self.config.mode == "direct" else self.config.paths
        self.normals = draws(self.seeds.generator("network", 1), horizon, paths, targets)
        # The last known steps of the series, from which `forecast` goes on.
        self.tail = np.zeros(self.spec.inputs[0].shape)
        self.widening, self.calibrated_at = 1.0, 0
        if self.given is None and self.config.architecture == "linear":
            self.compile = "xla"

    def outputs(self, inputs: Mapping[str, tf.Tensor], training: bool) -> list[tf.Tensor]:
        c, targets = self.config, self.spec.targets[0].shape[1]
        window = scaled(inputs[PAST], targets, self.steps, c.start, self.spec.targets[0].period, c.window_scale)
        seen = {PAST: window.past, **({FUTURE: inputs[FUTURE][:, : self.steps]} if FUTURE in inputs else {})}
        (found,) = super().outputs(seen, training)
        return [unscaled(found, window)]

    def _outputs_of_held(self, *held: tf.Tensor) -> list[tf.Tensor]:
        if self.config.mode == "direct":
            return super()._outputs_of_held(*held)

        def step(past: tf.Tensor, future: tf.Tensor | None) -> tf.Tensor:
            inputs = {PAST: past} if future is None else {PAST: past, FUTURE: future}
            return self.outputs(inputs, training=False)[0]

        return [rolled(step, held[0], held[1] if len(held) > 1 else None, self.normals, self.config.quantiles)]

    def unread_settings(self) -> dict[str, str]:
        unread = {}
        if self.config.mode == "direct":
            unread["paths"] = "it is of mode='autoregressive'"
        if self.given is not None:
            unread |= dict.fromkeys(("architecture", "dropout", "precision"), "the network is the user's own")
        elif self.config.architecture == "linear":
            unread["dropout"] = "the linear network has none"
        return unread

    # ---------------------------------------------------------------- how wide intervals are

    def get_state(self) -> dict[str, Any]:
        # A checkpoint's intervals are those of its weights, whoever has looked at them before.
        if self.built:
            self.calibrate()
        return super().get_state()

    def raw_outputs(self, inputs: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        self.calibrate()
        (found,) = super().raw_outputs(inputs)
        return [widened(np.sort(found, axis=-1), self.head.levels, self.widening)]

    def calibrate(self) -> None:
        """Find by how much intervals are to be widened for the weights as they are."""
        updates = int(self.optimizer.iterations)
        if self.selection is None or not self.config.calibrate or updates == self.calibrated_at:
            return
        (found,) = super().raw_outputs(self.selection.inputs)
        true = self.head.field.held(self.selection.targets[AHEAD])
        series = of_windows(self.selection)
        apart = (series.selection_end - series.train_end) / true.shape[1]
        self.widening = widening(np.sort(found, axis=-1), true, self.head.levels, apart)
        self.calibrated_at = updates

    # ---------------------------------------------------------------- forecasting

    def predict(self, inputs: Any) -> np.ndarray:
        """Return the medians of the steps ahead, float64 (N, H), or (N, H, C) for several series.

        Args:
            inputs: The known steps (N, context) or (N, context, C), oldest first; with covariates a dict of "past"
                (N, context, C + K) and "future" (N, H, K).
        """
        return self._squeezed(self.head.median(self._quantiles(inputs)), 2)

    def predict_quantiles(self, inputs: Any) -> np.ndarray:
        """Return the quantiles of the steps ahead, rising, float64 (N, H, Q), or (N, H, C, Q) for several series.

        Args:
            inputs: As for `predict`.
        """
        return self._squeezed(self._quantiles(inputs), 2)

    def forecast(self, history: Any = None, *, future: Any = None) -> Forecast:
        """Go on from the end of the series that it was given last, or from that of another.

        Args:
            history: (T,) or (T, C + K), of which the last `context` steps count; None for the series' own end.
            future: (H, K) covariates of the steps ahead, where it was trained with covariates.
        """
        context, channels = self.spec.inputs[0].shape
        if history is None:
            past = self.in_unit(self.tail)[None]
        else:
            array = np.asarray(history)
            array = array[:, None] if array.ndim == 1 else array
            if array.ndim != 2 or array.shape[1] != channels or len(array) < context:
                expected = f"(T, {channels}) with T >= {context}, the known steps that it sees"
                raise bad_value(f"{type(self).__name__}.forecast", "history of shape", np.shape(history), expected)
            past = array[None, -context:]
        known = len(self.spec.inputs) > 1
        if known != (future is not None):
            expected = f"{self.spec.inputs[1].shape}, the covariates of the steps ahead" if known else "None"
            raise bad_value(f"{type(self).__name__}.forecast", "future", type(future).__name__, expected)
        found = self._quantiles({PAST: past, **({FUTURE: np.asarray(future)[None]} if known else {})})[0]
        median = self.head.median(found)
        return Forecast(self._squeezed(median, 1), self._squeezed(found, 1), tuple(self.config.quantiles))

    @property
    def _targets(self) -> int:
        return int(self.spec.targets[0].shape[1])

    def _quantiles(self, inputs: Any) -> np.ndarray:
        if not isinstance(inputs, Mapping):
            inputs = {PAST: inputs}
        given = dict(inputs)
        if PAST in given and self.spec.inputs[0].shape[1] == 1 and np.ndim(given[PAST]) == 2:
            given[PAST] = np.asarray(given[PAST])[..., None]
        return self.head.quantiles(self.raw_outputs(self.known_inputs(given))[0])

    def _squeezed(self, values: np.ndarray, axis: int) -> np.ndarray:
        return values.squeeze(axis) if self._targets == 1 else values

    # ---------------------------------------------------------------- scores and figures

    def scores_of(self, outputs: list[np.ndarray], part: Part) -> MetricTable:
        series = of_windows(part)
        head, targets = self.head, part.targets[AHEAD]
        quantiles, true = head.quantiles(outputs[0]), head.true(targets)
        train = head.true(series.train_values)
        table = forecasting_metrics(head.median(quantiles), true, train, series.season, quantiles, head.levels)
        losses = head.loss(tf.constant(outputs[0]), tf.constant(head.held(targets)))
        table["loss"] = float(np.mean(losses.numpy()))
        return table

    def baselines(self, data: Examples) -> dict[str, MetricTable]:
        from predictors.forecasting.backtest import baselines

        return baselines(of_windows(data.test), data.test, self.head)

    def picture(self, kind: str, data: Examples) -> np.ndarray | Figure:
        from predictors.forecasting.figures import picture

        series, part = of_windows(data.test), data.test
        return picture(kind, series, part, self.head, self.raw_outputs(part.inputs)[0])


def of_windows(part: Part) -> Series:
    """Return the series of which a part holds windows.

    Raises:
        UsageError: When it holds something else, which has no training part to scale errors by.
    """
    if not isinstance(part, Windows) or part.series is None:
        raise UsageError(f"Forecaster received a {type(part).__name__}; expected the windows of a Series.")
    return part.series
