"""Intervals made as wide as they turned out to have to be, on windows that training has not seen."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Beyond that a network has not learnt anything yet.
MOST, LEAST = 10.0, 0.1
NARROWEST = 1e-6
# Windows without a point in common that weigh as much as what training found.
PRIOR = 4.0


def widening(
    quantiles: NDArray[np.float64], true: NDArray[np.float64], levels: tuple[float, ...], windows: float
) -> float:
    """Return by what to multiply each quantile's distance from the median so that the outermost cover what they should.

    Conformalised quantile regression (Romano et al. 2019, section 4) with errors in units of the interval's own half,
    as Lei et al. (2018, section 5.2) have them: wide intervals then widen more. Windows of one series overlap, so that
    they say less than as many rows that are exchangeable, and the guarantee of those does not hold: the factor's
    logarithm is shrunk towards 0, by as much as if `PRIOR` windows had said that nothing need change.

    Args:
        quantiles: Rising, (N, H, C, Q).
        true: What came, (N, H, C).
        levels: Rising, with 0.5 among them, (Q,).
        windows: How many of them would lie side by side; infinite for no shrinkage.
    """
    if len(levels) < 3:
        return 1.0
    median = quantiles[..., levels.index(0.5)]
    below, above = median - quantiles[..., 0], quantiles[..., -1] - median
    error = true - median
    scores = np.where(error < 0.0, -error / np.maximum(below, NARROWEST), error / np.maximum(above, NARROWEST)).ravel()
    rank = math.ceil((levels[-1] - levels[0]) * (len(scores) + 1) - 1e-9)
    factor = np.clip(np.sort(scores)[min(rank, len(scores)) - 1], LEAST, MOST)
    return float(factor ** (1.0 / (1.0 + PRIOR / windows)))


def widened(quantiles: Any, levels: tuple[float, ...], factor: float) -> Any:
    """Return quantiles, float32 (..., Q), arrays or tensors, each so many times as far from the median."""
    middle = levels.index(0.5)
    median = quantiles[..., middle : middle + 1]
    return median + np.float32(factor) * (quantiles - median)
