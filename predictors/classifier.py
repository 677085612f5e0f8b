"""Classifier: tells classes apart, in pictures, numbers, texts or sounds."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, ClassVar

import keras
import numpy as np
import tensorflow as tf

from lab.config import Settings, setting
from lab.errors import bad_value
from predictors.data.examples import Examples, ExampleSpec
from predictors.heads import ClassHead, Head, head_for
from predictors.metrics.table import MetricTable
from predictors.parts import mixing, views
from predictors.training import baselines, pictures
from predictors.transfer.predictor import TransferPredictor
from predictors.transfer.settings import TransferSettings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from predictors.data.updates import Batch


@dataclasses.dataclass(frozen=True)
class ClassifierSettings(TransferSettings):
    """The settings of a `Classifier`."""

    label_smoothing: float = setting(0.0, "what the labels give to all classes alike", at_least=0, below=1)
    mixup: float = setting(0.0, "alpha of the Beta distribution by which examples are mixed; 0 for none", at_least=0)
    cutmix: float = setting(
        0.0, "alpha of the Beta distribution by which pictures get a part of another; 0 for none", at_least=0
    )
    test_views: tuple[str, ...] = setting(
        (), "copies of a picture over which answers are averaged too: flip_horizontal, flip_vertical, shift",
        choices=views.VIEWS,
    )  # fmt: skip


class Classifier(TransferPredictor):
    """Learns the probabilities of classes by their cross-entropy with the labels.

    Several targets are learnt at once, numbers too where the first is of classes. See `NetworkPredictor` for a network
    of your own, `TransferPredictor` for one that is trained already.
    """

    Settings: ClassVar[type[Settings]] = ClassifierSettings

    def make_head(self, field: Any) -> Head:
        return head_for(field, smoothing=self.config.label_smoothing)

    def build(self) -> None:
        super().build()
        self.kinds = pictures.kinds_of(self.spec, self.has_features)
        if self.config.mixup or self.config.cutmix:
            self.random = keras.random.SeedGenerator(self.seeds.integer("data", 1))
            # XLA draws no gamma variables.
            self.compile = "graph"

    def examples(self, source: Any) -> Examples:
        found = super().examples(source)
        views.check_allowed(type(self).__name__, self.config.test_views, found)
        return found

    def check_spec(self, spec: ExampleSpec) -> None:
        first = spec.targets[0]
        if first.kind != "class":
            fix = "a Regressor learns numbers; whole numbers or texts are classes."
            raise bad_value(type(self).__name__, f"target {first.name!r}", f"{first.dtype} numbers", "classes", fix)
        super().check_spec(spec)
        mixing.check_mixable(type(self).__name__, spec, self.config.mixup, self.config.cutmix)
        views.check_views(type(self).__name__, self.config.test_views, spec)

    def varied(self, batch: Batch) -> Batch:
        c = self.config
        if not (c.mixup or c.cutmix):
            return batch
        classes = {head.field.name: head.units for head in self.heads if isinstance(head, ClassHead)}
        return mixing.mixed(batch, classes, c.mixup, c.cutmix, self.random)

    def answering(self, inputs: dict[str, tf.Tensor]) -> list[tf.Tensor]:
        if not self.config.test_views:
            return super().answering(inputs)
        ((name, given),) = inputs.items()
        found = [super(Classifier, self).answering({name: x}) for x in views.views_of(given, self.config.test_views)]
        return [
            views.mean_logits(each) if isinstance(head, ClassHead) else tf.reduce_mean(tf.stack(each), axis=0)
            for head, each in zip(self.heads, zip(*found, strict=True), strict=True)
        ]

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
