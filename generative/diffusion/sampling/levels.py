"""Noise levels: how much of a row is left and how much noise is in it, along a list of times."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from lab.errors import UsageError, bad_value


@dataclasses.dataclass(frozen=True)
class Levels:
    """A list of noise levels, one after the other as a sampler visits them.

    At a level, x = alpha * x0 + sigma * noise. Samplers, predictions and weights know nothing else of a schedule, so
    that each works with each.

    Args:
        alpha: float64 (K + 1,), at least 0.
        sigma: float64 (K + 1,), at least 0; alpha and sigma are never both 0.

    Raises:
        UsageError: When the lists do not fit.
    """

    alpha: NDArray[np.float64]
    sigma: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.alpha.ndim != 1 or self.alpha.shape != self.sigma.shape or len(self.alpha) < 2:
            received = f"{self.alpha.shape} and {self.sigma.shape}"
            raise bad_value("Levels", "alpha and sigma of shapes", received, "two lists of one length, at least 2")
        if not (np.minimum(self.alpha, self.sigma) >= 0).all() or not (self.alpha + self.sigma > 0).all():
            raise UsageError("Levels received alpha or sigma below 0, or both 0; expected at least 0, and not both 0.")

    @property
    def steps(self) -> int:
        """Steps from one level to the next."""
        return len(self.alpha) - 1

    def reversed(self) -> Levels:
        """Return the same levels in the other direction, from data towards noise."""
        return Levels(self.alpha[::-1], self.sigma[::-1])

    def part(self, start: int, end: int | None = None) -> Levels:
        """Return the levels from number `start` on, up to but without `end`."""
        return Levels(self.alpha[start:end], self.sigma[start:end])


def snr(alpha: NDArray[np.float64], sigma: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the signal-to-noise ratio alpha**2 / sigma**2 (Kingma et al. 2021, section 3.1)."""
    with np.errstate(divide="ignore"):
        return alpha**2 / sigma**2
