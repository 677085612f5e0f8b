"""The examples that each update of a predictor learns from, gathered and scaled within the compiled call."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from generative.augmentation.augmenting import Augmenter
from generative.data.updates import DealtUpdates, IndexStream
from predictors.data.examples import Examples, ExampleSpec, Part


class Batch(NamedTuple):
    """What one update learns from.

    Attributes:
        inputs: By name, what networks see of them: float32 (B, ...), of texts int32 (B, tokens).
        targets: By name, of classes codes int32 (B,), else float32 (B, ...).
        weights: float32 (B,), how much each example counts; None for all alike.
    """

    inputs: dict[str, tf.Tensor]
    targets: dict[str, tf.Tensor]
    weights: tf.Tensor | None

    @property
    def input(self) -> tf.Tensor:
        """The one input, float32 (B, ...), of texts int32 (B, tokens)."""
        (only,) = self.inputs.values()
        return only

    @property
    def target(self) -> tf.Tensor:
        """The one target, of classes codes int32 (B,), else float32 (B, ...)."""
        (only,) = self.targets.values()
        return only


def held(spec: ExampleSpec, part: Part) -> list[np.ndarray]:
    """Return a part's inputs and targets as they are held on the device, in the order of the spec."""
    inputs = [field.held(part.inputs[field.name]) for field in spec.inputs]
    return [*inputs, *(field.held(part.targets[field.name]) for field in spec.targets)]


class Updates(DealtUpdates):
    """Compiles `Predictor.update` together with the gathering and scaling of its batches.

    Args:
        predictor: Built.
        data: Examples; `train` is put on the device.
        stream: Deals the examples.
        compiled: Whether many updates run in one call, or each in its own.
    """

    def __init__(self, predictor: Any, data: Examples, stream: IndexStream, compiled: bool) -> None:
        self.spec = data.spec
        arrays = held(data.spec, data.train)
        weights = [] if data.train.weights is None else [data.train.weights]
        super().__init__(
            stream, predictor.batch_size, f"{type(predictor).__name__}.update",
            predictor.update, predictor.compile, predictor.updates_per_call, compiled, predictor,
            fixed=tuple(tf.constant(array) for array in (*arrays, *weights)),
            # An augmentation's seeds are traced with it.
            shares=data.augmentation is None,
        )  # fmt: skip
        self.augmenter: Augmenter | None = None
        if data.augmentation is not None and data.picture is not None:
            first, second = (predictor.seeds.integer("data", 0, i) for i in (0, 1))
            self.augmenter = Augmenter(data.augmentation, data.picture, (first, second))

    def batch(self, fixed: tuple[tf.Tensor, ...], *inputs: tf.Tensor) -> Batch:
        """Return examples of the data, varied and scaled, for int32 (B,) indices and the update's number."""
        indices, number = inputs
        rows = [tf.gather(array, indices) for array in fixed]
        fields = (*self.spec.inputs, *self.spec.targets)
        seen = {field.name: field.seen(row) for field, row in zip(fields, rows, strict=False)}
        found = {field.name: seen[field.name] for field in self.spec.inputs}
        if self.augmenter is not None:
            (name,) = found
            found[name] = self.augmenter(found[name], number)
        targets = {field.name: seen[field.name] for field in self.spec.targets}
        return Batch(found, targets, rows[-1] if len(rows) > len(fields) else None)
