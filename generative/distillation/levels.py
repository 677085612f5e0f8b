"""Noise levels that are nested in each other, for students of fewer and fewer steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generative.diffusion.levels import Levels
from generative.diffusion.schedules import Schedule
from lab.errors import UsageError

if TYPE_CHECKING:
    import tensorflow as tf


class Nested(Schedule):
    """The levels of one finest list, of which every other, every fourth and so on are visited.

    Args:
        base: Where the finest levels come from.
        finest: How many steps they make.
    """

    def __init__(self, base: Schedule, finest: int) -> None:
        self.base, self.most_steps = base, finest
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

    def draw(self, uniform: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return self.base.draw(uniform)

    def at(self, ratio: float) -> tuple[float, float]:
        return self.base.at(ratio)
