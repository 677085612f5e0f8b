"""Adam with a warm-up, on one long vector: small networks have many small weights, and each operation costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from lab.state import Stateful

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8


class WarmAdam(Stateful):
    """Makes Adam's steps (Kingma and Ba 2015, algorithm 1), first small ones, with the gradient's norm capped.

    Args:
        variables: What is optimised; float32.
        learning_rate: Step size after the warm-up; a schedule may change it later.
        warmup: Updates over which the step size grows to that in equal parts.
        clip: Greatest norm of the whole gradient; longer ones are scaled down to it.
    """

    not_state = ("variables", "warmup", "clip")

    def __init__(self, variables: Sequence[Any], learning_rate: float, warmup: int, clip: float) -> None:
        self.variables = list(variables)
        self.warmup, self.clip = warmup, clip
        size = sum(int(np.prod(v.shape)) for v in self.variables)
        self.learning_rate = tf.Variable(learning_rate, dtype=tf.float32, trainable=False)
        self.first = tf.Variable(tf.zeros(size), trainable=False)
        self.second = tf.Variable(tf.zeros(size), trainable=False)
        self.updates = tf.Variable(0.0, trainable=False)

    def apply(self, gradients: Sequence[tf.Tensor]) -> tf.Tensor:
        """Make one step, and return the gradient's norm before it was capped, float32 ()."""
        gradient = tf.concat([tf.reshape(g, [-1]) for g in gradients], axis=0)
        norm = tf.norm(gradient)
        gradient *= self.clip / tf.maximum(norm, self.clip)
        count = self.updates.assign_add(1.0)
        first = self.first.assign_add((1.0 - BETA_1) * (gradient - self.first))
        second = self.second.assign_add((1.0 - BETA_2) * (tf.square(gradient) - self.second))
        rate = self.learning_rate * tf.minimum(1.0, count / max(1, self.warmup))
        rate *= tf.sqrt(1.0 - tf.pow(BETA_2, count)) / (1.0 - tf.pow(BETA_1, count))
        changes = tf.split(rate * first / (tf.sqrt(second) + EPSILON), [int(np.prod(v.shape)) for v in self.variables])
        for variable, change in zip(self.variables, changes, strict=True):
            variable.assign_sub(tf.reshape(change, variable.shape))
        return norm
