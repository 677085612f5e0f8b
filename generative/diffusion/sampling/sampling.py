"""Carries out a sampler's plan in one compiled loop."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from generative.diffusion.parametrisation import Denoise


def run(
    table: tf.Tensor,
    denoise: Denoise,
    x: tf.Tensor,
    seed: tf.Tensor,
    *,
    known: tf.Tensor | None = None,
    mask: tf.Tensor | None = None,
    record: bool = False,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Take every step of a plan; for use within a `tf.function`, where it is one loop of one trace.

    Args:
        table: (N, 9) of x's type, as `Plan.table` gives it; N need not be known when this is traced.
        denoise: From x, alpha (), sigma () to the clean row in x.
        x: (B, ...) rows at the first level.
        seed: int32 (2,), of the noise that the plan adds.
        known: (B, ...) clean rows; where `mask` is 1 the result keeps them, noised to each level on the way.
        mask: (B, ...) of 0 and 1.
        record: Whether to return every step's row too.

    Returns:
        The rows after the last step, and (N, B, ...) each step's if recorded, else (0, B, ...).
    """
    count = tf.shape(table)[0]
    path = tf.TensorArray(x.dtype, size=count if record else 0, element_shape=x.shape)

    def body(i: Any, x: Any, x_last: Any, clean_last: Any, path: Any) -> tuple[Any, ...]:
        row = tf.unstack(table[i], num=9)
        alpha, sigma, alpha_after, sigma_after, keep, clean, keep_last, clean_old, noise = row
        x0 = denoise(x, alpha, sigma)
        new = keep * x + clean * x0 + keep_last * x_last + clean_old * clean_last
        new = tf.cond(noise > 0, lambda: new + noise * _normal(x, seed, 2 * i), lambda: new)
        if known is not None and mask is not None:
            held = alpha_after * known + sigma_after * _normal(x, seed, 2 * i + 1)
            new = mask * held + (1 - mask) * new
        new = tf.ensure_shape(new, x.shape)
        return i + 1, new, x, tf.ensure_shape(x0, x.shape), path.write(i, new) if record else path

    start = (tf.constant(0), x, tf.zeros_like(x), tf.zeros_like(x), path)
    end = tf.while_loop(lambda i, *_: i < count, body, start, parallel_iterations=1)
    return end[1], end[4].stack()


def _normal(x: tf.Tensor, seed: tf.Tensor, number: tf.Tensor) -> tf.Tensor:
    # A stream of its own for each number: the two words of a stateless seed are one key. Philox counts along the
    # numbers of a batch, so that more rows change nothing of those before; "auto_select" may be another algorithm.
    return tf.random.stateless_normal(tf.shape(x), seed + tf.stack([0, number]), dtype=x.dtype, alg="philox")
