"""Siamese: learns in what examples of one class are alike, and tells classes by a few known examples."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import tensorflow as tf

from lab.config import Settings, setting
from lab.errors import bad_value
from predictors import architectures
from predictors.architectures import NetworkSettings
from predictors.data.examples import Examples, ExampleSpec, Part
from predictors.data.field import TEXT
from predictors.heads.embeddings import LOSSES, MINING, EmbeddingHead, unit
from predictors.metrics.curves import auroc
from predictors.metrics.table import MetricTable
from predictors.network_predictor import NetworkPredictor
from predictors.training.pictures import map_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from predictors.data.updates import Batch

# Of a part, at most: their pairs are half a million.
MOST_PAIRED = 1_000


@dataclasses.dataclass(frozen=True)
class SiameseSettings(NetworkSettings):
    """The settings of a `Siamese`."""

    embedding_size: int = setting(64, "numbers of a point", at_least=1, at_most=4_096)
    loss: str = setting("triplet", "of distances within a batch", choices=LOSSES)
    margin: float | None = setting(
        None, "by how much classes shall be apart; none for 0.2 squared (triplet), 1 (contrastive)", above=0, at_most=4
    )
    mining: str = setting("semi_hard", "which triplets count: the nearest farther ones, or the worst", choices=MINING)
    support: int = setting(
        10, "training examples a class that are kept, with which predictions and scores compare", at_least=1
    )


class Siamese(NetworkPredictor):
    """Learns points whose distances say whether examples are of one class (Hadsell et al. 2006, Schroff et al. 2015).

    One network makes the points of all examples of a batch, and each pair or triplet within it counts. A class that
    training never met is told by a few examples of it: compare their points by `distance`.

    Example:
        learner = Experiment(Siamese(), "digits").learner  # once trained:
        learner.distance(rows, others)  # 0 for equal ones, 2 for opposite ones
        learner.predict(rows)  # the label of the nearest of the training examples that it keeps
    """

    Settings: ClassVar[type[Settings]] = SiameseSettings
    kinds: tuple[str, ...] = ("embedding",)
    not_state: tuple[str, ...] = ("chosen",)
    chosen: Part | None = None

    def examples(self, source: Any) -> Examples:
        # Before any are kept: else those to select by would be their own nearest neighbours.
        found = super().examples(source).hold_out()
        self.chosen = _few_of_each(found, self.config.support)
        return found

    def build(self) -> None:
        super().build()
        self.support_inputs = {f.name: np.zeros(0, "U1" if f.dtype == TEXT else f.dtype) for f in self.spec.inputs}
        self.support_codes = np.zeros(0, np.int32)
        if self.chosen is not None:
            self.support_inputs = {name: np.asarray(v) for name, v in self.chosen.inputs.items()}
            self.support_codes = self.heads[0].held(next(iter(self.chosen.targets.values())))

    def make_network(self) -> Any:
        seed = self.seeds.integer("network")
        return architectures.make_network(self.spec, self.config, [self.config.embedding_size], seed)

    def make_head(self, field: Any) -> EmbeddingHead:
        c = self.config
        margin = c.margin if c.margin is not None else 0.2 if c.loss == "triplet" else 1.0
        return EmbeddingHead(field, c.embedding_size, c.loss, margin, c.mining)

    def check_spec(self, spec: ExampleSpec) -> None:
        kinds = [field.kind for field in spec.targets]
        if kinds != ["class"]:
            raise bad_value(type(self).__name__, "targets", ", ".join(kinds), "one target, of classes")
        if any(field.kind == "text" for field in spec.inputs):
            raise bad_value(type(self).__name__, "inputs", "texts", "pictures, numbers or sounds")

    def unread_settings(self) -> dict[str, str]:
        found = architectures.unread(self)
        return found if self.config.loss == "triplet" else {**found, "mining": "it is of triplets"}

    def varied(self, batch: Batch) -> Batch:
        return batch

    # ---------------------------------------------------------------- using

    def embed(self, inputs: Any) -> np.ndarray:
        """Return the points of examples, float32 (N, embedding_size), each of length 1.

        Args:
            inputs: As for `predict`.
        """
        return self._points(self.checked_inputs(inputs))

    def distance(self, a: Any, b: Any) -> np.ndarray:
        """Return how far examples are from others, float64 (N,), from 0 to 2.

        Args:
            a, b: N examples each, as for `predict`; the first with the first, and so on.

        Raises:
            UsageError: When they are not as many.
        """
        first, second = self.embed(a), self.embed(b)
        if len(first) != len(second):
            raise bad_value(f"{type(self).__name__}.distance", "examples", f"{len(first)} and {len(second)}", "as many")
        return np.sqrt(np.square(first.astype(np.float64) - second).sum(axis=1))

    def predict(self, inputs: Any) -> np.ndarray:
        return self.heads[0].field.labels(self._nearest(self.embed(inputs), self._points(self.support_inputs)))

    def scores(self, part: Part) -> MetricTable:
        return self._scores(part, self._points(part.inputs), self._points(self.support_inputs))

    def scores_with(self, call: Callable[..., dict[str, np.ndarray]], part: Part) -> MetricTable:
        (points,), (known,) = (self.outputs_by(call, inputs) for inputs in (part.inputs, self.support_inputs))
        return self._scores(part, points, known)

    def _scores(self, part: Part, points: np.ndarray, known: np.ndarray) -> MetricTable:
        codes = self.heads[0].held(next(iter(part.targets.values())))
        # Rows of a part may be sorted by class.
        some = np.sort(np.random.RandomState(0).permutation(len(codes))[:MOST_PAIRED])
        one, other = np.triu_indices(len(some), 1)
        same = codes[some][one] == codes[some][other]
        table = MetricTable()
        table["accuracy"] = float(np.mean(self._nearest(points, known) == codes))
        if same.all() or not same.any():
            table.left_out["pair_auroc"] = "all pairs are of one kind"
        else:
            squares = np.square(points[some][one].astype(np.float64) - points[some][other]).sum(axis=1)
            table["pair_auroc"] = auroc(-squares, same)
        loss = self.heads[0].loss(tf.constant(points[some[:256]]), tf.constant(codes[some[:256]]))
        table["loss"] = float(tf.reduce_mean(loss).numpy())
        return table

    def picture(self, kind: str, data: Examples) -> np.ndarray | Figure:
        points, known = self._points(data.test.inputs), self._points(self.support_inputs)
        return map_of(points, data, self.heads[0].field, self._nearest(points, known), method="pca")

    def _points(self, inputs: Any) -> np.ndarray:
        (outputs,) = self.raw_outputs(inputs)
        return unit(tf.constant(outputs)).numpy()

    def _nearest(self, points: np.ndarray, known: np.ndarray) -> np.ndarray:
        """Return the code of the nearest known example, int32 (N,)."""
        # Of length 1 each: the largest product is the least distance.
        return self.support_codes[(points.astype(np.float64) @ known.astype(np.float64).T).argmax(axis=1)]


def _few_of_each(data: Examples, number: int) -> Part:
    """Return training examples, so many of each class, the first ones in a fixed order."""
    if [field.kind for field in data.spec.targets] != ["class"]:
        return data.train.rows(np.arange(0))
    (field,) = data.spec.targets
    codes = field.codes(data.train.targets[field.name])
    order = np.random.RandomState(0).permutation(len(codes))
    ranked = [order[codes[order] == code][:number] for code in range(field.classes or 0)]
    return dataclasses.replace(data.train.rows(np.sort(np.concatenate(ranked))), weights=None)
