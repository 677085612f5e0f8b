"""What a diffusion model does with rows it is given: clean them, fill gaps, go from one to another."""

from __future__ import annotations

from typing import Any

import numpy as np

from generative.arguments import plain_array, real, whole
from generative.diffusion.sampling.drawing import STEPS, Drawing, Steps
from generative.diffusion.sampling.levels import Levels
from generative.diffusion.sampling.samplers import Sampler, ddim, ddpm, resample
from generative.figures.slerp import slerp
from lab.errors import bad_value

# The noise-to-signal ratio at which a row counts as clean when it is turned into noise.
CLEAN_RATIO = 1e-3


class Editing(Drawing):
    """The half of `Diffusion` that works on rows."""

    def denoise(
        self, data: Any, noise: float, seed: int | None = None, *, labels: Any = None, sampler: str | None = None,
        steps: Steps = None, guidance: float | None = None,
    ) -> np.ndarray:  # fmt: skip
        """Clean rows that noise has been added to.

        Args:
            data: (N, ...) noisy rows in the data set's own unit, as numbers that may lie outside its range.
            noise: Standard deviation of the noise in them, where the data set's range is 2 wide ([-1, 1]).
            seed: As for `sample`; only samplers that add noise use it.
            labels: One label or (N,) of them, or None.
            sampler, steps, guidance: As for `sample`; the steps are those from pure noise, of which only those from
                `noise` on are made. `steps=1` asks the network once.

        Returns:
            (N, ...) rows in the data set's own range, shape and type.

        Raises:
            UsageError: When the rows do not fit, or hold more noise than any row in training.
        """
        owner = f"{type(self).__name__}.denoise"
        rows = self._rows(data, owner)
        noise = real(owner, "noise", noise, "a number > 0, the standard deviation on [-1, 1]", above=0.0)
        alpha, sigma = self.schedule.at(noise)
        whole = self._levels(steps)
        with np.errstate(divide="ignore"):
            ratios = whole.sigma / whole.alpha
        if noise > ratios[0]:
            raise bad_value(owner, "noise", noise, f"at most {ratios[0]:.4g}, the most that was trained")
        below = ratios < noise
        levels = Levels(np.append(alpha, whole.alpha[below]), np.append(sigma, whole.sigma[below]))
        plan = self._sampler(sampler)(levels)
        x = (alpha * rows).astype(np.float32)
        return self.spec.quantise(self._run(plan, x, self._codes(labels, len(rows)), self.rng(seed, STEPS), guidance))

    def inpaint(
        self, data: Any, mask: Any, seed: int | None = None, *, labels: Any = None, steps: Steps = None,
        repeats: int = 5, guidance: float | None = None,
    ) -> np.ndarray:  # fmt: skip
        """Fill what is missing in rows, so that it goes with the rest (Lugmayr et al. 2022, "RePaint").

        Args:
            data: (N, ...) rows in the data set's own range and type; what is missing may hold anything.
            mask: True (or 1) where a value is known and stays, False (or 0) elsewhere, of the shape of a row or of all
                rows; of images (H, W), (H, W, 1) or (N, H, W) too, for all channels.
            seed: As for `sample`.
            labels: One label or (N,) of them, or None.
            steps: From noise to a row.
            repeats: How often each step is made, with noise put back between; 1 is faster and fits worse.
            guidance: As for `sample`.

        Returns:
            (N, ...) rows in the data set's own range, shape and type; known values are exactly those given.
        """
        owner = f"{type(self).__name__}.inpaint"
        given = self.spec.check(data, owner)
        kept = self._mask(mask, len(given), owner)
        repeats = whole(owner, "repeats", repeats)
        plan = resample(self._inpainting_sampler()(self._levels(steps)), repeats)
        x = plan.sigma[0] * self.rng(seed).standard_normal(given.shape, np.float32)
        known = np.where(kept, self.spec.normalise(given), np.float32(0.0))
        codes = self._codes(labels, len(given))
        filled = self._run(plan, x, codes, self.rng(seed, STEPS), guidance, known, kept.astype(np.float32))
        return np.where(kept, given, self.spec.quantise(filled)).astype(self.spec.dtype)

    def _mask(self, mask: Any, count: int, owner: str) -> np.ndarray:
        """Return a mask as booleans (count, ...): of one row or all, of images with or without channels."""
        shape, kept = self.spec.shape, plain_array(owner, "mask", mask)
        expected = f"booleans (or 0 and 1) of shape {shape} or {(count, *shape)}, True where a value is known"
        if len(shape) == 3 and kept.shape != shape and kept.shape in (shape[:2], (count, *shape[:2])):
            kept = kept[..., None]
        single = (*shape[:2], 1) if len(shape) == 3 else shape
        if kept.dtype.kind not in "buif" or kept.shape not in (shape, single, (count, *shape), (count, *single)):
            raise bad_value(owner, "mask", f"{kept.dtype} {kept.shape}", expected)
        if kept.dtype != np.bool_ and not ((kept == 0) | (kept == 1)).all():
            received = f"values in [{kept.min():g}, {kept.max():g}]"
            raise bad_value(owner, "mask", received, expected, "mask > 0 keeps what is above 0.")
        return np.broadcast_to(kept.astype(bool), (count, *shape))

    def _inpainting_sampler(self) -> Sampler:
        """Return a sampler of one network call a step and without memory (hook)."""
        return ddpm

    def interpolate(
        self, first: Any, second: Any, number: int = 12, *, labels: Any = None, steps: Steps = None
    ) -> np.ndarray:
        """Go from rows to rows by way of the noise that each comes from (Song et al. 2021, "DDIM", section 5.3).

        Rows are turned into noise by following the probability flow backwards, what lies between on a great circle
        is turned into rows again.

        Args:
            first, second: (N, ...) rows in the data set's own range and type.
            number: Rows of a way, both ends included.
            labels: One label or (N,) of them, or None.
            steps: Of each direction.

        Returns:
            (N, number, ...) rows in the data set's own range, shape and type.
        """
        owner = f"{type(self).__name__}.interpolate"
        ends = [self.spec.normalise(self.spec.check(rows, owner)) for rows in (first, second)]
        if ends[0].shape != ends[1].shape:
            raise bad_value(owner, "second of shape", ends[1].shape, f"{ends[0].shape}, that of first")
        number = whole(owner, "number", number, 2)
        self.count(len(ends[0]) * number, "interpolate")
        codes = self._codes(labels, len(ends[0]))
        noise = [self._to_noise(rows, codes, steps) for rows in ends]
        between = slerp(noise[0], noise[1], np.linspace(0.0, 1.0, number))
        flat = between.reshape(-1, *self.spec.shape)
        plan = ddim(self._levels(steps))
        x = (plan.sigma[0] * flat).astype(np.float32)
        rows = self._run(plan, x, np.repeat(codes, number), self.rng(0), 1.0)
        return self.spec.quantise(rows).reshape(len(codes), number, *self.spec.shape)

    def _to_noise(self, rows: np.ndarray, labels: np.ndarray, steps: Steps) -> np.ndarray:
        """Return the noise at unit scale that the probability flow takes to rows in [-1, 1]."""
        levels = self._levels(steps)
        # The clean row itself holds no noise to follow, and levels below this one none that matters.
        noisy = levels.sigma > CLEAN_RATIO * levels.alpha
        alpha, sigma = self.schedule.at(CLEAN_RATIO)
        upwards = Levels(np.append(levels.alpha[noisy], alpha), np.append(levels.sigma[noisy], sigma)).reversed()
        x = self._run(ddim(upwards), (alpha * rows).astype(np.float32), labels, self.rng(0), 1.0)
        return x / np.float32(upwards.sigma[-1])

    def _rows(self, data: Any, owner: str) -> np.ndarray:
        array, shape = plain_array(owner, "data", data), self.spec.shape
        if array.ndim != len(shape) + 1 or array.shape[1:] != shape or array.dtype.kind not in "buif":
            received, wanted = f"{array.dtype} {array.shape}", ", ".join(map(str, ("N", *shape)))
            raise bad_value(owner, "data", received, f"numbers of shape ({wanted})")
        if not np.isfinite(array).all():
            raise bad_value(owner, "data", "values that are not finite", "finite values")
        return self.spec.normalise(array)
