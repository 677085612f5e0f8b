"""Noise levels that are nested in each other, for students of fewer and fewer steps, or more and more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from generative.diffusion.likelihood import OWN_LEVELS
from generative.diffusion.sampling.levels import Levels
from generative.diffusion.schedules import Schedule, edm_sigmas
from lab.errors import UsageError

if TYPE_CHECKING:
    import tensorflow as tf


class Relevelled(Schedule):
    """The path of another schedule, trained on as that is; a subclass visits levels of its own.

    Args:
        base: The other one.
    """

    def __init__(self, base: Schedule) -> None:
        self.base = base

    def draw(self, uniform: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return self.base.draw(uniform)

    def at(self, ratio: float) -> tuple[float, float]:
        return self.base.at(ratio)


class Nested(Relevelled):
    """The levels of one finest list, of which every other, every fourth and so on are visited.

    Args:
        base: Where the finest levels come from.
        finest: How many steps they make.
    """

    def __init__(self, base: Schedule, finest: int) -> None:
        super().__init__(base)
        self.most_steps = finest
        self.finest = base.levels(finest)

    def levels(self, steps: int) -> Levels:
        self._check(steps)
        stride, rest = divmod(self.finest.steps, steps)
        if rest:
            divisors = [n for n in range(1, self.finest.steps + 1) if self.finest.steps % n == 0]
            raise UsageError(
                f"{type(self).__name__}: steps received {steps}; expected a divisor of {self.finest.steps}, the finest "
                f"steps that were distilled. Fix: one of {', '.join(map(str, divisors))}."
            )
        return Levels(self.finest.alpha[::stride], self.finest.sigma[::stride])


class Karras(Relevelled):
    """Levels in equal steps of (sigma / alpha)**(1 / 7), the clean row after the last (Karras et al. 2022, eq. 5).

    Those of half as many steps are among them.

    Args:
        base: The kind of path; nothing beyond its own levels is visited.
        least, most: Of sigma / alpha.
    """

    def __init__(self, base: Schedule, least: float, most: float) -> None:
        super().__init__(base)
        own = base.levels(base.most_steps or OWN_LEVELS)
        with np.errstate(divide="ignore"):
            ratios = own.sigma / own.alpha
        self.least, self.most = max(least, ratios[-2]), min(most, ratios[0])

    def noisy(self, steps: int) -> Levels:
        """Return `steps` + 1 levels from the most noise to the least."""
        self._check(steps)
        alpha, sigma = np.array([self.base.at(r) for r in edm_sigmas(steps + 1, self.least, self.most)]).T
        return Levels(alpha, sigma)

    def levels(self, steps: int) -> Levels:
        levels = self.noisy(steps)
        return Levels(np.append(levels.alpha[:-1], 1.0), np.append(levels.sigma[:-1], 0.0))
