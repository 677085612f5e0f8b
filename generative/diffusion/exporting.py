"""Denoising: what diffusion models export, noisy rows and their noise to clean rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from generative.data.labels import LABELS, label_codes_tensor, label_inputs
from generative.diffusion.parametrisation import Parametrisation, along, denoiser
from lab.exporting import Exportable, Input

if TYPE_CHECKING:
    from generative.diffusion.schedules import Schedule
    from generative.spec import DataSpec
    from lab.training.adam import WeightAverage

NOISY, NOISE, CLEAN = "noisy_rows", "noise", "clean_rows"


class Denoising:
    """The part of `Diffusion` that says which function it has learnt; it needs what `Diffusion.build` makes."""

    spec: DataSpec
    config: Any
    schedule: Schedule
    parametrisation: Parametrisation
    average: WeightAverage
    classes: int
    limit: float | None
    _clean: Callable[..., np.ndarray]
    _codes: Callable[..., np.ndarray]

    def export_model(self) -> Exportable:
        """Return the denoiser that samplers call as a function, without guidance; see `Learner.export_model`.

        `noisy_rows` are float32 in the data set's own unit, whose range they may leave; `noise` is the standard
        deviation of the noise in each where that range is 2 wide, as for `denoise`. `clean_rows` are float32 in the
        data set's own unit and not rounded, so that a sampler can go on with them.
        """
        spec, network, scale = self.spec, self.average.network, self.config.data_scale

        def function(noisy_rows: tf.Tensor, noise: tf.Tensor, labels: tf.Tensor | None = None) -> dict[str, tf.Tensor]:
            alpha, sigma = (tf.broadcast_to(level, tf.shape(noise)) for level in self.schedule.at(noise))
            codes = None if labels is None else label_codes_tensor(spec, labels)
            clean = denoiser(network, self.parametrisation, scale, codes, limit=self.limit)
            x = spec.normalise_tensor(noisy_rows)
            return {CLEAN: tf.cast(spec.denormalise(clean(along(alpha, x) * x, alpha, sigma)), tf.float32)}

        def original(noisy_rows: np.ndarray, noise: np.ndarray, labels: Any = None) -> dict[str, np.ndarray]:
            at = self.schedule.at(noise)
            alpha, sigma = (np.broadcast_to(np.asarray(level, np.float32), noise.shape) for level in at)
            x = _along(alpha, noisy_rows) * spec.normalise(noisy_rows)
            clean = self._clean(x, alpha, sigma, self._codes(labels, len(x)))
            return {CLEAN: np.asarray(spec.denormalise(clean), np.float32)}

        return Exportable(
            function=function,
            original=original,
            inputs={NOISY: Input(spec.shape, "float32"), NOISE: Input((), "float32"), **label_inputs(self.classes)},
            outputs=(CLEAN,),
            # The quantised file divides by 0 where the noise is least.
            not_in_int8="levels of noise span more orders of magnitude than 8 bits tell apart",
        )

    def export_inputs(
        self, rows: np.ndarray, labels: np.ndarray | None, rng: np.random.Generator
    ) -> dict[str, np.ndarray]:
        """Return noisy rows, float32 (N, ...), their noise at levels that the sampler visits, float32 (N,), labels.

        Labels are int64 (N,), if there are any; see `Generator.export_inputs`.
        """
        levels = self.schedule.levels(self.config.steps)
        with np.errstate(divide="ignore"):
            ratios = levels.sigma / levels.alpha
        noise = rng.choice(ratios[np.isfinite(ratios) & (ratios > 0.0)], len(rows)).astype(np.float32)
        x = self.spec.normalise(rows) + _along(noise, rows) * rng.standard_normal(rows.shape, np.float32)
        given = labels if self.classes else None
        noisy = np.asarray(self.spec.denormalise(x), np.float32)
        return {NOISY: noisy, NOISE: noise, **({} if given is None else {LABELS: given.astype(np.int64)})}


def _along(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return values.reshape(-1, *(1 for _ in rows.shape[1:]))
