"""Adam with a warm-up, on one long vector: small networks have many small weights, and each operation costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from lab.runs.state import Stateful
from lab.training.adam import BETA_1, BETA_2, Moments, adam, clipped, flat, no_moments

EPSILON = 1e-8


class WarmAdam(Stateful):
    """Makes Adam's steps (Kingma and Ba 2015, algorithm 1), first small ones, with the gradient's norm capped.

    Args:
        variables: What is optimised; float32.
        learning_rate: Step size after the warm-up; a schedule may change it later.
        warmup: Updates over which the step size grows to that in equal parts.
        clip: Greatest norm of the whole gradient; longer ones are scaled down to it.
        betas: See `lab.training.adam.adam`.
    """

    # The warm-up's length follows from settings and run: see `Learner.apply_schedules`.
    not_state = ("variables", "warmup", "clip", "betas")

    def __init__(
        self, variables: Sequence[Any], learning_rate: float, warmup: int, clip: float,
        betas: tuple[float, float] = (BETA_1, BETA_2),
    ) -> None:  # fmt: skip
        self.variables = list(variables)
        self.clip, self.betas = clip, betas
        self.warmup = tf.Variable(max(1, warmup), dtype=tf.float32, trainable=False)
        start = no_moments(self.variables)
        self.learning_rate = tf.Variable(learning_rate, dtype=tf.float32, trainable=False)
        self.first = tf.Variable(start.first, trainable=False)
        self.second = tf.Variable(start.second, trainable=False)
        self.updates = tf.Variable(start.count, trainable=False)

    def apply(self, gradients: Sequence[tf.Tensor], share: Any = 1.0) -> tf.Tensor:
        """Make one step, and return the gradient's norm before it was capped, float32 ().

        Args:
            gradients: By each variable.
            share: Of the step size, (); what a variant lets it fall by.
        """
        gradient, norm = clipped(flat(gradients), self.clip)
        moments = Moments(self.first.value(), self.second.value(), self.updates.value())
        rate = share * self.learning_rate * tf.minimum(1.0, (moments.count + 1.0) / self.warmup)
        before = [tf.convert_to_tensor(v) for v in self.variables]
        weights, moments = adam(before, gradient, moments, rate, EPSILON, self.betas)
        slots = (*self.variables, self.first, self.second, self.updates)
        for variable, value in zip(slots, (*weights, *moments), strict=True):
            variable.assign(value)
        return norm

    def reset(self) -> None:
        """Forget all gradients; the step size warms up again."""
        for slot in (self.first, self.second, self.updates):
            slot.assign(tf.zeros_like(slot))
