"""Reconstructing: what autoencoders export, rows to what is left of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from generative.data.labels import LABELS, label_codes_tensor, label_inputs
from lab.exporting import Exportable, Input

if TYPE_CHECKING:
    import tensorflow as tf

    from generative.spec import DataSpec

ROWS, RECONSTRUCTIONS = "rows", "reconstructions"


class Reconstructing:
    """The part of an `Autoencoder` that says which function it has learnt; it needs what the class has beside."""

    spec: DataSpec
    conditional: ClassVar[bool]
    encoded: Callable[..., tf.Tensor]
    decoded: Callable[..., tf.Tensor]
    reconstruct: Callable[..., np.ndarray]

    def restored(self, data: tf.Tensor, *labels: tf.Tensor) -> tf.Tensor:
        """Return what the bottleneck leaves of rows float32 (B, ...) in [-1, 1], like them; see `reconstruct`."""
        return self.decoded(self.encoded(data, *labels), *labels)

    def export_model(self) -> Exportable:
        """Return `reconstruct` as a function; see `Learner.export_model`."""
        spec = self.spec

        def function(rows: tf.Tensor, labels: tf.Tensor | None = None) -> dict[str, tf.Tensor]:
            codes = () if labels is None else (label_codes_tensor(spec, labels),)
            return {RECONSTRUCTIONS: spec.quantise_tensor(self.restored(spec.normalise_tensor(rows), *codes))}

        return Exportable(
            function=function,
            original=lambda rows, labels=None: {RECONSTRUCTIONS: self.reconstruct(rows, labels)},
            inputs={ROWS: Input(spec.shape, spec.dtype), **label_inputs(self.conditional)},
            outputs=(RECONSTRUCTIONS,),
        )

    def export_inputs(
        self, rows: np.ndarray, labels: np.ndarray | None, rng: np.random.Generator
    ) -> dict[str, np.ndarray]:
        """Return rows (N, ...) and their labels, int64 (N,), by name; see `Generator.export_inputs`."""
        given = labels if self.conditional else None
        return {ROWS: rows, **({} if given is None else {LABELS: given.astype(np.int64)})}
