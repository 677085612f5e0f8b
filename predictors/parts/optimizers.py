"""Keras' optimizers by name, with a step size that follows the run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

# What a falling step size ends at, as a fraction of the largest.
END = 0.01


def make_optimizer(name: str, rate: float, decay: float, variables: Sequence[Any]) -> keras.optimizers.Optimizer:
    """Return a built optimizer; vectors, such as biases and scales of normalisations, do not decay.

    Args:
        name: One of `predictors.settings.OPTIMIZERS`; `sgd` has Nesterov's momentum of 0.9.
        rate: The step size.
        decay: As `weight_decay` of Keras' optimizers, decoupled from the gradient (Loshchilov and Hutter 2019).
        variables: What it moves.
    """
    kinds: dict[str, Any] = {
        "adamw": keras.optimizers.AdamW,
        "adam": keras.optimizers.Adam,
        "sgd": keras.optimizers.SGD,
        "rmsprop": keras.optimizers.RMSprop,
        "lion": keras.optimizers.Lion,
    }
    more = {"momentum": 0.9, "nesterov": True} if name == "sgd" else {}
    optimizer = kinds[name](learning_rate=rate, weight_decay=decay or None, **more)
    if decay:
        optimizer.exclude_from_weight_decay(var_list=[v for v in variables if len(v.shape) < 2])
    optimizer.build(variables)
    return optimizer


def rate_at(updates: Any, schedule: str, warmup: Any, length: Any) -> tf.Tensor:
    """Return the fraction of the largest step size in the update after so many, float32 ().

    It grows in equal parts over the warm-up, and falls from there along half a cosine (Loshchilov and Hutter 2017,
    equation 5) or a line to `END` at the run's end.

    Args:
        updates: Made so far, ().
        schedule: One of `predictors.settings.SCHEDULES`.
        warmup, length: Updates, ().
    """
    done, warm, whole = (tf.cast(v, tf.float32) for v in (updates, warmup, length))
    grown = tf.minimum(1.0, (done + 1.0) / warm)
    if schedule == "constant":
        return grown
    progress = tf.clip_by_value((done - warm) / tf.maximum(1.0, whole - warm), 0.0, 1.0)
    left = 0.5 * (1.0 + tf.cos(math.pi * progress)) if schedule == "cosine" else 1.0 - progress
    return grown * (END + (1.0 - END) * left)
