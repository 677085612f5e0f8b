"""Regressor: predicts numbers."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, ClassVar

from lab.config import Settings, setting
from lab.errors import bad_value
from predictors.architectures import NetworkSettings, make_network, perceptron, unread
from predictors.data.examples import Examples, ExampleSpec
from predictors.heads import Head, head_for
from predictors.heads.numbers import ERRORS
from predictors.metrics.table import MetricTable
from predictors.network_predictor import NetworkPredictor
from predictors.training import baselines, pictures

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure


@dataclasses.dataclass(frozen=True)
class RegressorSettings(NetworkSettings):
    """The settings of a `Regressor`."""

    error: str = setting("mse", "what is made small: squared, absolute or Huber errors", choices=ERRORS)


class Regressor(NetworkPredictor):
    """Learns numbers in units of their standard deviation in the training part, by their errors.

    See `NetworkPredictor` for a network of your own.
    """

    Settings: ClassVar[type[Settings]] = RegressorSettings

    def make_network(self) -> keras.Model:
        return make_network(self.spec, self.config, [head.units for head in self.heads], self.seeds.integer("network"))

    def make_head(self, field: Any) -> Head:
        return head_for(field, error=self.config.error)

    def build(self) -> None:
        super().build()
        if perceptron(self.network):
            self.compile = "xla"

    def unread_settings(self) -> dict[str, str]:
        return {**super().unread_settings(), **unread(self)}

    def check_spec(self, spec: ExampleSpec) -> None:
        first = spec.targets[0]
        if first.kind != "number":
            fix = "a Classifier learns classes; numbers are targets.astype(float), of a CSV file task=numbers."
            raise bad_value(type(self).__name__, f"target {first.name!r}", "classes", "numbers", fix)
        super().check_spec(spec)

    def baselines(self, data: Examples) -> dict[str, MetricTable]:
        return baselines.regression(self, data)

    def picture(self, kind: str, data: Examples) -> Figure:
        return pictures.of_numbers(self, data)
