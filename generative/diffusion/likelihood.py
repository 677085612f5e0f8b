"""The evidence lower bound of a diffusion model, in bits per dimension."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from generative.diffusion.sampling.levels import Levels, snr
from generative.diffusion.schedules import Schedule

# Standard deviations from which on the tail is its asymptote.
FAR = 25.0
# Least noise-to-signal ratio that the ELBO of whole numbers looks at, in distances of values.
SMALLEST_NOISE = 0.25

# Levels of the bound, and of a schedule without a number of its own; and noise so strong that nothing is left.
LEVELS, OWN_LEVELS = 10_000, 1_000
GREATEST_RATIO = 1e3

Clean = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def step_weights(levels: Levels) -> np.ndarray:
    """Return what each step's KL divergence is, as a multiple of the squared error of the clean row seen at its start.

    Where the model's variance is the posterior's, KL = (SNR(next) - SNR(present)) / 2 * |x0 - seen|**2 (Kingma et al.
    2021, "Variational Diffusion Models", eq. 14). float64 (K - 1,): the last step, to the clean row, is none of them.
    """
    return np.diff(snr(levels.alpha[:-1], levels.sigma[:-1])) / 2.0


def bits_per_dimension(
    clean: Clean, rows: np.ndarray, levels: Levels, width: float | None, draws: int, rng: np.random.Generator
) -> float:
    """Estimate the negative ELBO of rows by drawing steps (Ho et al. 2020, eq. 5), divided by dimensions and log 2.

    The prior's and the last step's parts are computed for each row, the sum over all other steps is estimated from
    `draws` of them, evenly apart and each weighted by the inverse of its chance. In the last step a row is normal
    around what is seen in it, with the noise-to-signal ratio of its level as deviation.

    Args:
        clean: From noisy rows (M, ...), alpha (M,) and sigma (M,) to clean rows.
        rows: float32 (N, ...) in [-1, 1].
        levels: All of them, from noise to the clean row, which must be the last.
        width: Distance of neighbouring values on [-1, 1] where rows hold whole numbers, or None for a density.
        draws: Steps drawn for each row.
        rng: Where they and the noise are drawn from.
    """
    if width is not None:
        levels = coarse(levels, width)
    weights = step_weights(levels)
    count, size = len(rows), rows[0].size
    x0 = rows.astype(np.float64).reshape(count, -1)

    def seen(steps: np.ndarray) -> np.ndarray:
        alpha, sigma = levels.alpha[steps], levels.sigma[steps]
        noisy = alpha[:, None] * np.tile(x0, (len(steps) // count, 1))
        noisy = noisy + sigma[:, None] * rng.standard_normal(noisy.shape)
        shape = (len(steps), *rows.shape[1:])
        return clean(noisy.reshape(shape).astype(np.float32), alpha, sigma).astype(np.float64).reshape(-1, size)

    # Steps are drawn in proportion to what they would cost at an error that is the posterior variance of unit data:
    # far from uniform, because KL is spread evenly over the log-SNR.
    ratio = snr(levels.alpha[:-2], levels.sigma[:-2])
    chances = weights / (1.0 + ratio) + 1e-3 * weights.sum() / (1.0 + ratio).max() / len(weights)
    chances /= chances.sum()
    places = (rng.random(count)[None] + np.arange(draws)[:, None]) / draws
    steps = np.minimum(np.searchsorted(np.cumsum(chances), places.ravel()), len(weights) - 1)
    errors = ((seen(steps) - np.tile(x0, (draws, 1))) ** 2).sum(axis=1)
    diffusion = (weights[steps] / chances[steps] * errors).mean()

    prior = levels.alpha[0] ** 2 / levels.sigma[0] ** 2 * (x0**2).sum(axis=1).mean() / 2.0
    last = np.full(count, levels.steps - 1)
    deviation = levels.sigma[-2] / levels.alpha[-2]
    reconstruction = -log_likelihood(x0, seen(last), deviation, width).sum(axis=1).mean()
    return float((prior + diffusion + reconstruction) / (size * math.log(2.0)))


def even_levels(schedule: Schedule) -> Levels:
    """Return many levels evenly apart in the log-SNR, from end to end of a schedule, and the clean row.

    The bound holds for any list of levels, and is the tighter the less the SNR grows from one to the next: a
    schedule's own list, whose first steps out of the clean row double the noise, can cost more than a bit.
    """
    own = schedule.levels(schedule.most_steps or OWN_LEVELS)
    most = min(own.sigma[0] / max(own.alpha[0], 1e-12), GREATEST_RATIO)
    ratios = np.geomspace(most, own.sigma[-2] / own.alpha[-2], LEVELS)
    alpha, sigma = np.array([schedule.at(ratio) for ratio in ratios]).T
    return Levels(np.append(alpha, 1.0), np.append(sigma, 0.0))


def coarse(levels: Levels, width: float) -> Levels:
    """Return the levels without those whose noise is far below the distance of values.

    The bound holds for any list. Noise that rounding takes away would only ask a network for digits that no row has.
    """
    kept = levels.sigma >= SMALLEST_NOISE * width * levels.alpha
    kept[-1] = kept[0] = True
    return Levels(levels.alpha[kept], levels.sigma[kept])


def log_likelihood(x0: np.ndarray, mean: np.ndarray, deviation: float, width: float | None) -> np.ndarray:
    """Return the log-likelihood of each value under a normal distribution, or of its bin where values are whole.

    The outermost bins reach to infinity (Ho et al. 2020, eq. 13).

    Args:
        x0, mean: float64 (N, D) on [-1, 1].
        deviation: Of the normal distribution.
        width: Of a bin, or None for the density.
    """
    z = (x0 - mean) / deviation
    if width is None:
        return -(z**2) / 2.0 - math.log(deviation * math.sqrt(2.0 * math.pi))
    half = width / (2.0 * deviation)
    upper = np.where(x0 > 1.0 - width / 4.0, np.inf, z + half)
    lower = np.where(x0 < -1.0 + width / 4.0, -np.inf, z - half)
    # On the side of the far tail the difference of two numbers near 1 would be lost.
    flip = upper + lower < 0
    upper, lower = np.where(flip, -lower, upper), np.where(flip, -upper, lower)
    beyond = _log_tail(lower)
    return beyond + np.log1p(-np.exp(np.minimum(_log_tail(upper) - beyond, -1e-12)))


def _log_tail(z: np.ndarray) -> np.ndarray:
    """Return log P(Z > z) of the standard normal distribution, by its asymptote where erfc would underflow."""
    import tensorflow as tf

    far = np.maximum(z, FAR)
    with np.errstate(invalid="ignore", over="ignore"):
        asymptote = -(far**2) / 2.0 - np.log(far * math.sqrt(2.0 * math.pi)) - 1.0 / far**2
    near = np.log(tf.math.erfc(np.minimum(z, FAR) / math.sqrt(2.0)).numpy() / 2.0)
    return np.where(z < FAR, near, asymptote)
