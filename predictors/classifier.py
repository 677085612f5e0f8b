"""Classifier: tells classes apart, in pictures, numbers, texts or sounds."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from lab.config import Settings, setting
from lab.errors import bad_value
from predictors.architectures import NetworkSettings, make_network, perceptron, unread
from predictors.data.examples import Examples, ExampleSpec
from predictors.heads import ClassHead, Head, head_for
from predictors.metrics.table import MetricTable
from predictors.network_predictor import NetworkPredictor
from predictors.training import baselines, pictures

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure


@dataclasses.dataclass(frozen=True)
class ClassifierSettings(NetworkSettings):
    """The settings of a `Classifier`."""

    label_smoothing: float = setting(0.0, "what the labels give to all classes alike", at_least=0, below=1)


class Classifier(NetworkPredictor):
    """Learns the probabilities of classes by their cross-entropy with the labels.

    Several targets are learnt at once, numbers too where the first is of classes. See `NetworkPredictor` for a network
    of your own.
    """

    Settings: ClassVar[type[Settings]] = ClassifierSettings

    def make_network(self) -> keras.Model:
        return make_network(self.spec, self.config, [head.units for head in self.heads], self.seeds.integer("network"))

    def make_head(self, field: Any) -> Head:
        return head_for(field, smoothing=self.config.label_smoothing)

    def build(self) -> None:
        super().build()
        self.kinds = pictures.kinds_of(self.spec, self.has_features)
        if perceptron(self.network):
            self.compile = "xla"

    def unread_settings(self) -> dict[str, str]:
        return {**super().unread_settings(), **unread(self)}

    def check_spec(self, spec: ExampleSpec) -> None:
        first = spec.targets[0]
        if first.kind != "class":
            fix = "a Regressor learns numbers; whole numbers or texts are classes."
            raise bad_value(type(self).__name__, f"target {first.name!r}", f"{first.dtype} numbers", "classes", fix)
        super().check_spec(spec)

    def probabilities(self, inputs: Any) -> np.ndarray:
        """Return the probabilities of the first target's classes, float64 (N, classes), in the order of its labels.

        Args:
            inputs: As for `predict`.
        """
        return self._head.probabilities(self.raw_outputs(self.checked_inputs(inputs))[0])

    def baselines(self, data: Examples) -> dict[str, MetricTable]:
        return baselines.classification(self, data)

    def picture(self, kind: str, data: Examples) -> Figure:
        return pictures.of_classes(kind, self, data)

    @property
    def _head(self) -> ClassHead:
        head = self.heads[0]
        if not isinstance(head, ClassHead):
            raise bad_value(type(self).__name__, "first head", type(head).__name__, "a ClassHead")
        return head
