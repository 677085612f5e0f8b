"""Gaussian data, for which the best denoiser and the probability flow are known in closed form."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from generative.diffusion.sampling.levels import Levels
from generative.diffusion.sampling.samplers import Plan
from generative.diffusion.sampling.sampling import run

MEAN = np.array([0.5, -1.0])
COVARIANCE = np.array([[0.5, 0.3], [0.3, 0.4]])


def denoise(x: Any, alpha: Any, sigma: Any) -> Any:
    """Return E[x0 | x] for rows (B, 2) of a Gaussian (the posterior mean of a linear Gaussian model)."""
    eye = tf.eye(2, dtype=x.dtype)
    covariance, mean = tf.constant(COVARIANCE, x.dtype), tf.constant(MEAN, x.dtype)
    gain = alpha * tf.linalg.matmul(covariance, tf.linalg.inv(alpha**2 * covariance + sigma**2 * eye))
    return mean + tf.linalg.matmul(x - alpha * mean, gain, transpose_b=True)


@tf.function(reduce_retracing=True, autograph=False)
def _run(table: tf.Tensor, x: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    return run(table, denoise, x, seed)[0]


def sampled(plan: Plan, start: np.ndarray, seed: int = 0) -> np.ndarray:
    """Carry a plan out with the best denoiser, in the type of `start` (B, 2)."""
    return _run(tf.constant(plan.table(), start.dtype), tf.constant(start), tf.constant([seed, 0])).numpy()


def flow(levels: Levels, start: np.ndarray) -> np.ndarray:
    """Return where the probability flow takes rows from the first level to the last: whitened rows stay the same."""
    values, vectors = np.linalg.eigh(COVARIANCE)
    a, s, a_end, s_end = levels.alpha[0], levels.sigma[0], levels.alpha[-1], levels.sigma[-1]
    scale = np.sqrt((a_end**2 * values + s_end**2) / (a**2 * values + s**2))
    return a_end * MEAN + (start - a * MEAN) @ vectors * scale @ vectors.T


def moments(plan: Plan, deviation: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the exact mean (2,) and covariance (2, 2) of what a plan gives from N(0, deviation**2) and fresh noise.

    Everything is linear, so moments of (x, x_last, x0_last) pass through each step in closed form.
    """
    eye, none = np.eye(2), np.zeros((2, 2))
    mean, covariance = np.zeros(6), np.zeros((6, 6))
    covariance[:2, :2] = deviation**2 * eye
    for a, s, _, _, keep, clean, keep_last, clean_last, noise in plan.table():
        gain = a * COVARIANCE @ np.linalg.inv(a**2 * COVARIANCE + s**2 * eye)
        offset = MEAN - a * gain @ MEAN
        matrix = np.block(
            [
                [keep * eye + clean * gain, keep_last * eye, clean_last * eye],
                [eye, none, none],
                [gain, none, none],
            ]
        )
        mean = matrix @ mean + np.concatenate([clean * offset, np.zeros(2), offset])
        covariance = matrix @ covariance @ matrix.T
        covariance[:2, :2] += noise**2 * eye
    return mean[:2], covariance[:2, :2]
