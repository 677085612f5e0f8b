"""Answering: what predictors export, inputs to outputs in the user's own unit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from lab.exporting import Exportable, Input

if TYPE_CHECKING:
    import tensorflow as tf

    from predictors.data.examples import ExampleSpec, Part
    from predictors.heads import Head
    from predictors.metrics.table import MetricTable

# Rows of a call: the outputs of layers for all examples together may be more than memory holds.
ROWS = 256


class Answering:
    """The part of a `NetworkPredictor` that says which function it has learnt; it needs what the class has beside."""

    spec: ExampleSpec
    heads: list[Head]
    checked_inputs: Callable[..., dict[str, np.ndarray]]
    metric_name: Callable[[Head, str], str]
    raw_outputs: Callable[..., list[np.ndarray]]
    scores_of: Callable[..., MetricTable]
    _outputs_of_held: Callable[..., list[tf.Tensor]]

    def export_model(self) -> Exportable:
        """Return what it answers as a function of inputs by the names of the data; see `Learner.export_model`.

        Of classes they are `logits`, in the order of the labels; of a series `quantiles`; of a `Siamese` `points`;
        numbers have the target's own name. Where there are several targets, each one's name stands before.
        """
        from predictors.data.tokens import layer_of

        fields, names = self.spec.inputs, self._exported_names()

        def function(**inputs: tf.Tensor) -> dict[str, tf.Tensor]:
            found = zip(self.heads, self.outputs_of(inputs), strict=True)
            return dict(zip(names, (head.exported_tensor(outputs) for head, outputs in found), strict=True))

        def original(**inputs: np.ndarray) -> dict[str, np.ndarray]:
            found = zip(self.heads, self.raw_outputs(self.known_inputs(inputs)), strict=True)
            return dict(zip(names, (head.exported(outputs) for head, outputs in found), strict=True))

        return Exportable(
            function=function,
            original=original,
            inputs={f.name: Input(() if f.kind == "text" else f.shape, f.program_dtype) for f in fields},
            outputs=tuple(names),
            tables=tuple(layer_of(f.vocabulary, f.shape[0]) for f in fields if f.vocabulary is not None),
        )

    def outputs_of(self, inputs: Mapping[str, tf.Tensor]) -> list[tf.Tensor]:
        """Return the outputs by which it predicts, float32 (n, units) for each target, of exported inputs (n, ...)."""
        return self._outputs_of_held(*(field.held_tensor(inputs[field.name]) for field in self.spec.inputs))

    def known_inputs(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return exported inputs, (n, ...) in the function's dtypes, as `raw_outputs` takes them."""
        return self.checked_inputs(inputs)

    def export_inputs(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return examples' inputs (N, ...) in that function's dtypes; see `Predictor.export_inputs`."""
        kinds = {f.name: None if f.kind == "text" else np.dtype(f.program_dtype) for f in self.spec.inputs}
        return {name: inputs[name] if kind is None else inputs[name].astype(kind) for name, kind in kinds.items()}

    def scores_with(self, call: Callable[..., dict[str, np.ndarray]], part: Part) -> MetricTable:
        """Return metrics of what a function answers in its place, (n, ...) in its dtypes; see that of `Predictor`."""
        return self.scores_of(self.outputs_by(call, part.inputs), part)

    def outputs_by(
        self, call: Callable[..., dict[str, np.ndarray]], inputs: Mapping[str, np.ndarray]
    ) -> list[np.ndarray]:
        """Return outputs, float32 (N, units) for each target in order, as a function in its place gives them."""
        given = self.export_inputs(inputs)
        count = len(next(iter(given.values())))
        found = [call(**{name: v[i : i + ROWS] for name, v in given.items()}) for i in range(0, count, ROWS)]
        return [
            head.outputs_of(np.concatenate([part[name] for part in found]))
            for head, name in zip(self.heads, self._exported_names(), strict=True)
        ]

    def _exported_names(self) -> list[str]:
        return [self.metric_name(h, h.exported_as) if h.exported_as else h.field.name for h in self.heads]
