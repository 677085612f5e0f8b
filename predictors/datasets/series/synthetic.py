"""Series by formulas, whose best forecast is known."""

from __future__ import annotations

import numpy as np

from lab.errors import bad_value
from predictors.data.series.series import Series


def trend_season(points: int = 480, period: int = 12, noise: float = 0.03, seed: int = 0) -> Series:
    """Return a growing level times a season times noise, as the numbers of airline passengers have them.

    y(t) = 100 (1 + t / period / 10) exp(0.2 sin(2 pi t / period) + 0.1 cos(4 pi t / period) + noise e(t)), e normal.

    Args:
        points: T.
        period: Points a season.
        noise: Standard deviation of the logarithm.
        seed: Another seed gives other noise.
    """
    t, rng = _time(points), np.random.default_rng(seed)
    angle = 2.0 * np.pi * t / period
    shape = 0.2 * np.sin(angle) + 0.1 * np.cos(2.0 * angle) + noise * rng.standard_normal(points)
    return Series(100.0 * (1.0 + t / period / 10.0) * np.exp(shape), period=period, name="trend_season")


def sines(points: int = 1_000, noise: float = 0.1, seed: int = 0) -> Series:
    """Return sin(2 pi t / 24) + 0.5 sin(2 pi t / 37 + 1) + noise e(t), e normal: two periods that never meet.

    Args:
        points: T.
        noise: Standard deviation.
        seed: Another seed gives other noise.
    """
    t, rng = _time(points), np.random.default_rng(seed)
    values = np.sin(2.0 * np.pi * t / 24.0) + 0.5 * np.sin(2.0 * np.pi * t / 37.0 + 1.0)
    return Series(values + noise * rng.standard_normal(points), period=24, name="sines")


def autoregression(points: int = 1_000, seed: int = 0) -> Series:
    """Return y(t) = 1.5 y(t - 1) - 0.75 y(t - 2) + e(t), e standard normal: cycles of about 12 points.

    Args:
        points: T.
        seed: Another seed gives another series.
    """
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal(len(_time(points)) + 200)
    values = np.zeros(len(noise))
    for t in range(2, len(values)):
        values[t] = 1.5 * values[t - 1] - 0.75 * values[t - 2] + noise[t]
    # By then it has forgotten that it began at 0.
    return Series(values[200:], period=12, name="autoregression")


def _time(points: int) -> np.ndarray:
    if not 50 <= points <= 1_000_000:
        raise bad_value("series", "points", points, "from 50 to 1,000,000")
    return np.arange(points, dtype=np.float64)
