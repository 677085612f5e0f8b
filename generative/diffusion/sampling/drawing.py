"""How a diffusion model draws rows: a plan, the averaged network and one compiled loop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from generative.arguments import real
from generative.data.labels import checked_labels, drawn_codes
from generative.diffusion.parametrisation import Parametrisation, denoiser
from generative.diffusion.sampling.levels import Levels
from generative.diffusion.sampling.samplers import SAMPLERS, Plan, Sampler
from generative.diffusion.sampling.sampling import run
from generative.diffusion.schedules import Schedule, Times
from lab.errors import UsageError, bad_value, nearest
from lab.training.adam import WeightAverage

if TYPE_CHECKING:
    from generative.data.dataset import DataSpec

LARGEST_BATCH = 256
# Streams of a seed beside that of the noise with which rows begin.
LABELS, STEPS = 1, 2

Steps = int | Times | None


class Drawing:
    """The half of `Diffusion` that draws rows; it needs what `Diffusion.build` makes."""

    spec: DataSpec
    config: Any
    schedule: Schedule
    parametrisation: Parametrisation
    average: WeightAverage
    classes: int
    limit: float | None
    label_counts: tf.Variable

    def rng(self, seed: int | None, stream: int = 0) -> np.random.Generator:
        """Return random numbers for a seed; see `Generator.rng`."""
        return super().rng(seed, stream)  # type: ignore[misc]

    def count(self, number: Any, method: str = "sample") -> int:
        """Return a checked number of rows; see `Generator.count`."""
        return super().count(number, method)  # type: ignore[misc]

    def sample(
        self, number: int, seed: int | None = None, *, labels: Any = None, sampler: str | None = None,
        steps: Steps = None, guidance: float | None = None,
    ) -> np.ndarray:  # fmt: skip
        """Draw new rows; see `Generator.sample`.

        Args:
            number: How many.
            seed: As for every generator.
            labels: One label, or whole numbers (number,); None draws them as often as training met them.
            sampler: Its name; None for the setting, as for all that follow.
            steps: How many from noise to a row, or a falling list of times to visit: whole ones for linear and cosine,
                of which the greatest is the noisiest; sigmas for edm; times in (0, 1] for rectified. The first should
                leave nothing of a row, for rows begin as noise. `heun` asks the network twice a step.
            guidance: How far to go towards the labels; see the setting.

        Raises:
            UsageError: On labels the data do not have, or more steps than the schedule has.
        """
        plan, codes, x = self._start(self.count(number), seed, labels, sampler, steps)
        return self.spec.quantise(self._run(plan, x, codes, self.rng(seed, STEPS), guidance))

    def sample_path(
        self, number: int, seed: int | None = None, *, labels: Any = None, sampler: str | None = None,
        steps: Steps = None, guidance: float | None = None,
    ) -> np.ndarray:  # fmt: skip
        """Draw rows as `sample` does, and return every step.

        Returns:
            float32 (network calls + 1, number, ...): noise first, then each step's rows, all divided by
            sqrt(alpha**2 + sigma**2), so that they are of one scale.
        """
        plan, codes, x = self._start(self.count(number, "sample_path"), seed, labels, sampler, steps)
        path = self._run(plan, x, codes, self.rng(seed, STEPS), guidance, record=True)
        scales = np.hypot(plan.alpha_after, plan.sigma_after).astype(np.float32)
        path = path / scales.reshape(-1, *(1 for _ in x.shape))
        return np.concatenate([x[None] / np.hypot(plan.alpha[0], plan.sigma[0]).astype(np.float32), path])

    def _start(
        self, number: int, seed: int | None, labels: Any, sampler: str | None, steps: Steps
    ) -> tuple[Plan, np.ndarray, np.ndarray]:
        """Return the plan, the labels and the noise with which rows begin."""
        plan = self._sampler(sampler)(self._levels(steps))
        codes = self._drawn_labels(labels, number, seed)
        return plan, codes, plan.sigma[0] * self.rng(seed).standard_normal((number, *self.spec.shape), np.float32)

    def _compile_drawing(self) -> None:
        c, network = self.config, self.average.network

        def draw(
            table: Any, x: Any, labels: Any, seed: Any, guidance: Any, known: Any, mask: Any, record: bool
        ) -> tuple[tf.Tensor, tf.Tensor]:
            codes = labels if self.classes else None
            clean = denoiser(
                network, self.parametrisation, c.data_scale, codes, guidance=guidance, unlabelled=self.classes,
                limit=self.limit,
            )  # fmt: skip
            return run(table, clean, x, seed, known=known, mask=mask, record=record)

        def clean(x: Any, alpha: Any, sigma: Any, labels: Any) -> tf.Tensor:
            codes = labels if self.classes else None
            return denoiser(network, self.parametrisation, c.data_scale, codes, limit=self.limit)(x, alpha, sigma)

        self._draw: Any = tf.function(draw, autograph=False)
        self._clean_compiled: Any = tf.function(clean, autograph=False)

    def _run(
        self, plan: Plan, x: np.ndarray, labels: np.ndarray, rng: np.random.Generator, guidance: float | None,
        known: np.ndarray | None = None, mask: np.ndarray | None = None, record: bool = False,
    ) -> np.ndarray:  # fmt: skip
        """Carry a plan out for rows in [-1, 1] from its first level on, in batches of few sizes.

        Row i is row i % 256 of batch i // 256 however many there are, and both the batches' seeds and the numbers
        drawn for a batch are the same as far as they go: so its noise depends on `rng` and i alone.
        """
        given = self.config.guidance if guidance is None else guidance
        strength = real(type(self).__name__, "guidance", given, "a number >= 0", least=0.0)
        guided = None if strength == 1.0 or not self.classes else tf.constant(strength, tf.float32)
        table = tf.constant(plan.table(), tf.float32)
        size = min(LARGEST_BATCH, 1 << max(0, len(x) - 1).bit_length())
        results = []
        for start in range(0, max(1, len(x)), size):
            part = slice(start, start + size)
            count = len(x[part])
            seed = tf.constant(rng.integers(0, 2**31, 2), tf.int32)
            held = [None if rows is None else _filled(rows[part], size) for rows in (known, mask)]
            rest = (_filled(x[part], size), _filled(labels[part], size), seed, guided, *held, record)
            # Traced for tables of any length; the call below then needs no trace of its own.
            self._draw.get_concrete_function(tf.TensorSpec((None, table.shape[1])), *rest)
            end, path = self._draw(table, *rest)
            results.append(path.numpy()[:, :count] if record else end.numpy()[:count])
        return np.concatenate(results, axis=1 if record else 0)

    def _clean(self, x: np.ndarray, alpha: np.ndarray, sigma: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Return clean rows in noisy ones, each at a level of its own, in batches of one size."""
        results = []
        size = min(LARGEST_BATCH, 1 << max(0, len(x) - 1).bit_length())
        for start in range(0, len(x), size):
            part = slice(start, start + size)
            # Rows that only fill up need a level too, at which nothing is divided by 0.
            levels = [_filled(v[part], size, 1.0) for v in (alpha, sigma)]
            rows = self._clean_compiled(_filled(x[part], size), *levels, _filled(labels[part], size))
            results.append(rows.numpy()[: len(x[part])])
        return np.concatenate(results)

    def _sampler(self, name: str | None) -> Sampler:
        chosen = self.config.sampler if name is None else name
        if chosen not in SAMPLERS:
            raise UsageError(
                f"{type(self).__name__}: no sampler is called {chosen!r}; {nearest(str(chosen), SAMPLERS)}"
            )
        return SAMPLERS[chosen]

    def _levels(self, steps: Steps) -> Levels:
        if isinstance(steps, (Sequence, np.ndarray)) and not isinstance(steps, str):
            return self.schedule.levels_at(steps)
        return self.schedule.levels(self.config.steps if steps is None else steps)

    def _codes(self, labels: Any, count: int) -> np.ndarray:
        """Return labels as codes, int32 (count,), for the network; without any, those that mean none."""
        if labels is None or (not self.classes and self.spec.classes):
            return np.full(count, self.classes, np.int32)
        owner = type(self).__name__
        if not self.classes:
            raise bad_value(owner, "labels", labels, "none: it was trained without", "conditional=True, with labels.")
        return checked_labels(owner, self.spec, labels, count)

    def _drawn_labels(self, labels: Any, number: int, seed: int | None) -> np.ndarray:
        counts = self.label_counts.numpy()
        if labels is not None or not self.classes or not counts.sum():
            return self._codes(labels, number)
        return drawn_codes(counts, number, self.rng(seed, LABELS))


def _filled(rows: np.ndarray, size: int, value: float = 0.0) -> tf.Tensor:
    filled = np.full((size, *rows.shape[1:]), value, np.float32 if rows.dtype.kind == "f" else rows.dtype)
    filled[: len(rows)] = rows
    return tf.constant(filled)
