"""Decoding: what GANs export, latents to rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from generative.data.labels import LABELS, label_codes_tensor, label_inputs
from lab.exporting import Exportable, Input

if TYPE_CHECKING:
    import tensorflow as tf

    from generative.spec import DataSpec
    from lab.training.adam import WeightAverage

LATENTS, ROWS = "latents", "rows"


class Decoding:
    """The part of a `GAN` that says which function it has learnt; it needs what the class has beside."""

    spec: DataSpec
    classes: int
    average: WeightAverage
    latent_size: Any
    decode: Callable[..., np.ndarray]

    def export_model(self) -> Exportable:
        """Return `decode` as a function, of standard normal latents; see `Learner.export_model`."""
        spec, network = self.spec, self.average.network

        def function(latents: tf.Tensor, labels: tf.Tensor | None = None) -> dict[str, tf.Tensor]:
            given: Any = latents if labels is None else [latents, label_codes_tensor(spec, labels)]
            return {ROWS: spec.quantise_tensor(network(given))}

        return Exportable(
            function=function,
            original=lambda latents, labels=None: {ROWS: self.decode(latents, labels)},
            inputs={LATENTS: Input((self.latent_size,), "float32"), **label_inputs(self.classes)},
            outputs=(ROWS,),
        )

    def export_inputs(
        self, rows: np.ndarray, labels: np.ndarray | None, rng: np.random.Generator
    ) -> dict[str, np.ndarray]:
        """Return latents, float32 (N, latent_size), and labels, int64 (N,), by name; see `Generator.export_inputs`."""
        latents = rng.standard_normal((len(rows), self.latent_size), np.float32)
        given = labels if self.classes else None
        return {LATENTS: latents, **({} if given is None else {LABELS: given.astype(np.int64)})}
