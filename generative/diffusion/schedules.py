"""Noise schedules: which noise levels a network is trained on, and which ones a sampler visits."""

from __future__ import annotations

import abc
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from generative.diffusion.sampling.levels import Levels
from lab.errors import UsageError, bad_value

if TYPE_CHECKING:
    import tensorflow as tf

LARGEST_BETA = 0.999
# Network calls that nobody means.
MOST_STEPS = 100_000
# Of the data for which Karras et al. (2022) chose their noise levels.
PAPER_SCALE = 0.5
# The least and the greatest number above 0.
POSITIVE = (np.finfo(np.float64).tiny, np.finfo(np.float64).max)

Times = Sequence[float] | NDArray[Any]


def linear_betas(steps: int) -> NDArray[np.float64]:
    """Return beta from 1e-4 to 0.02 in equal steps, for 1,000 of them (Ho et al. 2020, section 4).

    With another number both ends are scaled by 1000 / steps, so that the noise at the end is about the same.
    """
    scale = 1000.0 / steps
    return np.minimum(np.linspace(1e-4 * scale, 0.02 * scale, steps), LARGEST_BETA)


def cosine_alpha_bar(time: NDArray[np.float64], offset: float = 0.008) -> NDArray[np.float64]:
    """Return f(t) / f(0), f(t) = cos((t + s) / (1 + s) * pi / 2)**2, t in [0, 1] (Nichol and Dhariwal 2021, eq. 17)."""
    angle = (np.asarray(time) + offset) / (1.0 + offset) * math.pi / 2.0
    return np.cos(angle) ** 2 / math.cos(offset / (1.0 + offset) * math.pi / 2.0) ** 2


def cosine_betas(steps: int) -> NDArray[np.float64]:
    """Return the betas of the cosine schedule, capped at 0.999 (Nichol and Dhariwal 2021, section 3.2)."""
    alpha_bar = cosine_alpha_bar(np.arange(steps + 1) / steps)
    return np.minimum(1.0 - alpha_bar[1:] / alpha_bar[:-1], LARGEST_BETA)


def edm_sigmas(steps: int, low: float, high: float, rho: float = 7.0) -> NDArray[np.float64]:
    """Return sigma from `high` down to `low` in equal steps of sigma**(1 / rho) (Karras et al. 2022, "EDM", eq. 5)."""
    fractions = np.linspace(0.0, 1.0, steps)
    return (high ** (1.0 / rho) + fractions * (low ** (1.0 / rho) - high ** (1.0 / rho))) ** rho


def stratified(first: tf.Tensor, count: int | tf.Tensor) -> tf.Tensor:
    """Return `count` numbers in [0, 1), evenly apart from one uniform number on (Kingma et al. 2021, appendix I.1).

    Each is uniform, and together they leave no part of the range out, which makes the loss less noisy.

    Args:
        first: float32 (), uniform in [0, 1).
        count: How many.

    Returns:
        float32 (count,).
    """
    import tensorflow as tf

    return tf.math.floormod(first + tf.range(count, dtype=tf.float32) / tf.cast(count, tf.float32), 1.0)


class Schedule(abc.ABC):
    """Says which noise levels are trained on and visited; a subclass gives `levels` and `draw`.

    Attributes:
        most_steps: How many steps a sampler can make at most, or None without a limit.
    """

    most_steps: int | None = None

    @abc.abstractmethod
    def levels(self, steps: int) -> Levels:
        """Return `steps` + 1 levels from the noisiest to the clean row (alpha 1, sigma 0).

        Raises:
            UsageError: When there are not that many.
        """

    def levels_at(self, times: Times) -> Levels:
        """Return the levels of a list of this schedule's own times, from noise on, and the clean row after them (hook).

        Raises:
            UsageError: When the list does not fall, or holds what is no time of this schedule.
        """
        raise bad_value(type(self).__name__, "steps", times, "a whole number", "only levels of its own can be visited.")

    @abc.abstractmethod
    def draw(self, uniform: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return alpha and sigma to train on, float32 (B,) each, for float32 (B,) numbers in [0, 1)."""

    def at(self, ratio: Any) -> tuple[Any, Any]:
        """Return the alpha and sigma of this kind of path at which sigma / alpha is `ratio`, a number or several."""
        alpha = 1.0 / (1.0 + ratio**2) ** 0.5
        return alpha, ratio * alpha

    def _check_times(self, times: Times, kinds: str, least: float, most: float, words: str) -> NDArray[Any]:
        listed = np.asarray(times)
        falls = listed.ndim == 1 and len(listed) and listed.dtype.kind in kinds and (np.diff(listed) < 0).all()
        if not falls or not (least <= listed[-1] and listed[0] <= most):
            raise bad_value(type(self).__name__, "steps", times, f"a number of steps, or a falling list of {words}")
        return listed

    def _check(self, steps: int) -> None:
        whole = isinstance(steps, (int, np.integer)) and not isinstance(steps, bool)
        most = self.most_steps or MOST_STEPS
        if not whole or steps < 1 or steps > most:
            trained = ", the steps of the schedule that was trained" if self.most_steps else ""
            limit = f" and <= {most}{trained}" if self.most_steps or (whole and steps > most) else ""
            raise UsageError(
                f"{type(self).__name__}: steps received {steps!r}; expected a whole number >= 1{limit}. "
                "Fix: fewer steps, or train with a larger schedule_steps."
            )


class Discrete(Schedule):
    """The levels of a list of betas: alpha_bar is the running product of 1 - beta (Ho et al. 2020, section 2).

    Time 0 is one noising step, not the clean row; the clean row comes after it, so that the cumulative product before
    time 0 is 1.

    Args:
        betas: float64 (T,), each in (0, 1).
    """

    def __init__(self, betas: NDArray[np.float64]) -> None:
        betas = np.asarray(betas, np.float64)
        if betas.ndim != 1 or not len(betas) or not ((betas > 0) & (betas < 1)).all():
            raise UsageError(f"Discrete received betas of shape {betas.shape}; expected a list of numbers in (0, 1).")
        self.betas = betas
        self.most_steps = len(betas)
        self.alpha_bar = np.cumprod(1.0 - betas)
        # 1 - alpha_bar loses digits where beta is small; this does not.
        self.sigma_squared = -np.expm1(np.cumsum(np.log1p(-betas)))

    def times(self, steps: int) -> NDArray[np.int64]:
        """Return `steps` times from T - 1 down to 0, evenly spread, each once; a single one is T - 1."""
        self._check(steps)
        return np.rint(np.linspace(len(self.betas) - 1, 0, steps)).astype(np.int64)

    def levels(self, steps: int) -> Levels:
        return self.levels_at(self.times(steps))

    def levels_at(self, times: Times) -> Levels:
        last = len(self.betas) - 1
        times = self._check_times(times, "iu", 0, last, f"whole times from {last} to 0")
        alpha = np.append(np.sqrt(self.alpha_bar[times]), 1.0)
        return Levels(alpha, np.append(np.sqrt(self.sigma_squared[times]), 0.0))

    def draw(self, uniform: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        import tensorflow as tf

        count = len(self.betas)
        times = tf.minimum(tf.cast(uniform * count, tf.int32), count - 1)
        alpha, sigma = (tf.constant(np.sqrt(v), tf.float32) for v in (self.alpha_bar, self.sigma_squared))
        return tf.gather(alpha, times), tf.gather(sigma, times)


class EDMSchedule(Schedule):
    """Levels that keep the row whole and only add noise (Karras et al. 2022, table 1): alpha is 1.

    Args:
        low, high: Least and greatest sigma that a sampler visits.
        mean, deviation: Of the normal distribution of log(sigma) in training, for data of root mean square 0.5.
        rho: How much denser a sampler's levels are at small sigmas.
        data_scale: Root mean square of the data. What a sigma hides depends on its ratio to this, so that training
            visits data of another scale at the same ratios.
    """

    def __init__(
        self, low: float = 0.002, high: float = 80.0, mean: float = -1.2, deviation: float = 1.2, rho: float = 7.0,
        data_scale: float = PAPER_SCALE,
    ) -> None:  # fmt: skip
        self.low, self.high, self.deviation, self.rho = low, high, deviation, rho
        self.mean = mean + math.log(data_scale / PAPER_SCALE)

    def levels(self, steps: int) -> Levels:
        self._check(steps)
        return self.levels_at(edm_sigmas(steps, self.low, self.high, self.rho))

    def levels_at(self, times: Times) -> Levels:
        sigma = self._check_times(times, "fiu", *POSITIVE, "sigmas above 0")
        return Levels(np.ones(len(sigma) + 1), np.append(sigma, 0.0))

    def draw(self, uniform: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        import tensorflow as tf

        # A uniform number of exactly 0 would be a sigma of 0.
        normal = tf.math.ndtri(tf.clip_by_value(uniform, 1e-6, 1.0 - 1e-6))
        sigma = tf.exp(self.mean + self.deviation * normal)
        return tf.ones_like(sigma), sigma

    def at(self, ratio: Any) -> tuple[Any, Any]:
        return 1.0, ratio


class Rectified(Schedule):
    """Straight lines from data to noise: alpha = 1 - t, sigma = t (Liu et al. 2022, eq. 1)."""

    def levels(self, steps: int) -> Levels:
        self._check(steps)
        return self.levels_at(np.linspace(1.0, 0.0, steps + 1)[:-1])

    def levels_at(self, times: Times) -> Levels:
        time = np.append(self._check_times(times, "fiu", POSITIVE[0], 1.0, "times from 1 to above 0"), 0.0)
        return Levels(1.0 - time, time)

    def draw(self, uniform: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        import tensorflow as tf

        # The very end would be a row without noise, of which nothing can be learnt.
        time = tf.maximum(uniform, 1e-3)
        return 1.0 - time, time

    def at(self, ratio: Any) -> tuple[Any, Any]:
        return 1.0 / (1.0 + ratio), ratio / (1.0 + ratio)


def make_schedule(name: str, steps: int, data_scale: float = PAPER_SCALE) -> Schedule:
    """Return the schedule called linear, cosine, edm or rectified.

    Args:
        name: Of the schedule.
        steps: Times of linear and cosine.
        data_scale: Root mean square of the data; edm trains at noise levels in proportion to it.
    """
    if name == "linear":
        return Discrete(linear_betas(steps))
    if name == "cosine":
        return Discrete(cosine_betas(steps))
    return EDMSchedule(data_scale=data_scale) if name == "edm" else Rectified()
