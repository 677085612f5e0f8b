"""Classifier: tells classes apart, in pictures, numbers, texts or sounds."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import tensorflow as tf

from lab.config import Settings, owner_name, setting
from lab.errors import bad_value
from lab.runs.opening import teachers
from predictors.architectures import NetworkSettings, make_network, perceptron, unread
from predictors.base import differences
from predictors.data.examples import Examples, ExampleSpec
from predictors.heads import ClassHead, Head, head_for
from predictors.metrics.table import MetricTable
from predictors.network_predictor import NetworkPredictor
from predictors.parts import distilling
from predictors.training import baselines, pictures

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure

    from predictors.data.updates import Batch


@dataclasses.dataclass(frozen=True)
class ClassifierSettings(NetworkSettings):
    """The settings of a `Classifier`."""

    label_smoothing: float = setting(0.0, "what the labels give to all classes alike", at_least=0, below=1)
    teacher: str = setting("", "directory of the run of a classifier to learn from too; empty for none")
    teacher_settings: str = setting("", "of what the teacher's network is built; teacher=... sets it")
    distill_weight: float = setting(
        0.9, "what the teacher counts in the loss; the labels count the rest", above=0, at_most=1
    )
    temperature: float = setting(4.0, "by which logits are divided to learn from the teacher", above=0)

    def check(self) -> None:
        super().check()
        teachers.check_settings(owner_name(type(self)), self)


class Classifier(NetworkPredictor):
    """Learns the probabilities of classes by their cross-entropy with the labels.

    Several targets are learnt at once, numbers too where the first is of classes. See `NetworkPredictor` for a network
    of your own.

    With a teacher it learns the teacher's probabilities as well (Hinton et al. 2015). The teacher's weights are part of
    the checkpoints, so that the run goes on without the teacher's.

    Args:
        config: The settings, or their fields as keywords.
        teacher: A trained `Classifier` of the same data, or the directory of its run.
        keywords: As for `NetworkPredictor`.
    """

    Settings: ClassVar[type[Settings]] = ClassifierSettings
    training_state: ClassVar[tuple[str, ...]] = (*NetworkPredictor.training_state, "teacher", "taught")
    not_state: tuple[str, ...] = ("given_teacher", "teaching", "follows_teacher")

    # A run's file is not followed to another run: its own checkpoints hold the teacher's weights.
    follows_teacher = True
    teaching: Classifier | None = None

    def __init__(self, config: Any = None, /, *, teacher: Any = None, **keywords: Any) -> None:
        super().__init__(config, **teachers.with_teacher(type(self).__name__, Classifier, teacher, keywords))
        self.given_teacher = teacher if isinstance(teacher, Classifier) else None

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        learner = super().from_settings(settings)
        learner.follows_teacher = False
        return learner

    @property
    def begins_trained(self) -> bool:
        return super().begins_trained or (self.teaching is not None and self.taught)

    def make_network(self) -> keras.Model:
        return make_network(self.spec, self.config, [head.units for head in self.heads], self.seeds.integer("network"))

    def make_head(self, field: Any) -> Head:
        return head_for(field, smoothing=self.config.label_smoothing)

    def build(self) -> None:
        super().build()
        self.kinds = pictures.kinds_of(self.spec, self.has_features)
        if perceptron(self.network):
            self.compile = "xla"
        if self.config.teacher_settings:
            self._build_teacher()

    def _build_teacher(self) -> None:
        owner, c = type(self).__name__, self.config
        self.teaching = teachers.built_again(owner, Classifier, c.teacher_settings)
        self.teaching.setup(self.spec, self.seeds)
        self.teacher: keras.Model = self.teaching.network
        self.taught = False
        if not perceptron(self.teacher):
            self.compile = "graph"
        source = self.given_teacher
        if source is None and c.teacher and self.follows_teacher:
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
        return {**super().unread_settings(), **unread(self), **alone}

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
