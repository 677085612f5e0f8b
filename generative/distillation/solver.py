"""Single steps of a teacher's probability flow, from levels that differ from row to row."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from generative.diffusion.parametrisation import Denoise, along
from generative.diffusion.sampling.levels import Levels
from generative.diffusion.sampling.samplers import SAMPLERS


def step_table(solver: str, levels: Levels) -> NDArray[np.float64]:
    """Return what each step of a sampler does, (steps, network calls a step, 9); see `Plan.table`.

    Args:
        solver: The name of a sampler that forgets earlier steps and adds no noise: euler or heun.
        levels: Without the clean row, to which heun would step with one call only.
    """
    table = SAMPLERS[solver](levels).table()
    return table.reshape(levels.steps, -1, table.shape[1])


def solver_step(clean: Denoise, x: tf.Tensor, table: tf.Tensor) -> tf.Tensor:
    """Return where a step leads each row.

    Args:
        clean: The teacher.
        x: Rows (B, ...), each at the first level of its step.
        table: float32 (B, calls, 9), each row's of `step_table`.
    """
    x_last, clean_last = tf.zeros_like(x), tf.zeros_like(x)
    for call in range(table.shape[1]):
        columns = tf.unstack(table[:, call], axis=1)
        x0 = clean(x, columns[0], columns[1])
        factors = [along(column, x) for column in columns[4:8]]
        parts = zip(factors, (x, x0, x_last, clean_last), strict=True)
        x, x_last, clean_last = sum(factor * rows for factor, rows in parts), x, x0
    return x
