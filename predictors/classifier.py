"""Classifier: tells classes apart, in pictures, numbers, texts or sounds."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, ClassVar

import keras
import numpy as np
import tensorflow as tf

from lab.config import Settings, owner_name, setting
from lab.errors import bad_value
from lab.runs.opening import teachers
from predictors.architectures import perceptron
from predictors.base import differences
from predictors.data.examples import Examples, ExampleSpec
from predictors.heads import ClassHead, Head, head_for
from predictors.metrics.table import MetricTable
from predictors.parts import distilling, mixing, views
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
    teacher: str = setting("", "directory of the run of a classifier to learn from too; empty for none", path=True)
    teacher_settings: str = setting("", "of what the teacher's network is built; teacher=... sets it")
    distill_weight: float = setting(
        0.9, "what the teacher counts in the loss; the labels count the rest", above=0, at_most=1
    )
    temperature: float = setting(4.0, "by which logits are divided to learn from the teacher", above=0)

    def check(self) -> None:
        super().check()
        teachers.check_settings(owner_name(type(self)), self)


class Classifier(TransferPredictor):
    """Learns the probabilities of classes by their cross-entropy with the labels.

    Several targets are learnt at once, numbers too where the first is of classes. See `NetworkPredictor` for a network
    of your own, `TransferPredictor` for one that is trained already.

    With a teacher it learns the teacher's probabilities as well (Hinton et al. 2015). The teacher's weights are part of
    the checkpoints, so that the run goes on without the teacher's.

    Args:
        config: The settings, or their fields as keywords.
        teacher: A trained `Classifier` of the same data, or the directory of its run.
        keywords: As for `NetworkPredictor`.
    """

    Settings: ClassVar[type[Settings]] = ClassifierSettings
    training_state: ClassVar[tuple[str, ...]] = (*TransferPredictor.training_state, "teacher", "taught")
    not_state: tuple[str, ...] = ("given_teacher", "teaching")

    teaching: Classifier | None = None

    def __init__(self, config: Any = None, /, *, teacher: Any = None, **keywords: Any) -> None:
        super().__init__(config, **teachers.with_teacher(type(self).__name__, Classifier, teacher, keywords))
        self.given_teacher = teacher if isinstance(teacher, Classifier) else None

    @property
    def begins_trained(self) -> bool:
        return super().begins_trained or (self.teaching is not None and self.taught)

    def make_head(self, field: Any) -> Head:
        return head_for(field, smoothing=self.config.label_smoothing)

    def build(self) -> None:
        super().build()
        self.kinds = pictures.kinds_of(self.spec, self.has_features)
        if self.config.teacher_settings:
            self._build_teacher()
        if self.config.mixup or self.config.cutmix:
            self.random = keras.random.SeedGenerator(self.seeds.integer("data", 1))
            # XLA draws no gamma variables.
            self.compile = "graph"

    def _build_teacher(self) -> None:
        owner, c = type(self).__name__, self.config
        self.teaching = teachers.built_again(owner, Classifier, c.teacher_settings)
        self.teaching.most_numbers = self.most_numbers
        self.teaching.setup(self.spec, self.seeds)
        self.teacher: keras.Model = self.teaching.network
        self.taught = False
        if not perceptron(self.teacher):
            self.compile = "graph"
        source = self.given_teacher
        if source is None and c.teacher and self.follows:
            source = Classifier.load(c.teacher)
        if source is None:
            return
        differing = differences(source.spec, self.spec)
        if differing:
            received, expected = (
                f"one of {source.spec.name}",
                f"one of the same examples; {', '.join(differing)} differ",
            )
            raise bad_value(owner, "teacher", received, expected)
        for theirs, mine in zip(source.network.weights, self.teacher.weights, strict=True):
            mine.assign(theirs)
        self.taught = True

    def check_training(self) -> None:
        super().check_training()
        teachers.check_taught(type(self).__name__, self.config, self.teaching is not None and self.taught)

    def unread_settings(self) -> dict[str, str]:
        why = "there is no teacher"
        alone = {} if self.config.teacher_settings else dict.fromkeys(("distill_weight", "temperature"), why)
        return {**super().unread_settings(), **alone}

    def losses(self, outputs: list[tf.Tensor], batch: Batch) -> tf.Tensor:
        if self.teaching is None:
            return super().losses(outputs, batch)
        weight, total = self.config.distill_weight, []
        for head, mine, theirs in zip(self.heads, outputs, self.teaching.outputs(batch.inputs, False), strict=True):
            loss = head.loss(mine, batch.targets[head.field.name])
            if isinstance(head, ClassHead):
                soft = distilling.softened_divergence(tf.stop_gradient(theirs), mine, self.config.temperature)
                loss = (1.0 - weight) * loss + weight * soft
            total.append(loss)
        return tf.add_n(total)

    def examples(self, source: Any) -> Examples:
        found = super().examples(source)
        views.check_allowed(type(self).__name__, self.config.test_views, found)
        return found

    def check_spec(self, spec: ExampleSpec) -> None:
        first = spec.targets[0]
        if first.kind != "class":
            fix = "a Regressor learns numbers; classes are targets.astype(int), of a CSV file task=classes"
            fix += f", of one-hot rows targets.argmax(axis=1): these have {first.shape[0]} columns." * (
                first.shape[:1] > (1,)
            )
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
