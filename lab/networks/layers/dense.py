"""A dense layer with few outputs, whose gradient is not left to matrix products that are slow for such shapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

# With many columns a matrix product is the faster one again.
NARROW = 4


@keras.saving.register_keras_serializable("lab")
class NarrowDense(keras.layers.Dense):
    """A linear dense layer of at most `NARROW` units that multiplies and adds in its gradient.

    In a compiled program XLA fuses that with what surrounds it, where the products of a tall matrix with a narrow one
    that it stands for are slow for their size. Forward it is the product that Keras takes.

    Args:
        units: Columns, 1 to `NARROW`.
        keywords: As for `keras.layers.Dense`, without an activation.
    """

    def __init__(self, units: int, **keywords: Any) -> None:
        if not 1 <= units <= NARROW:
            raise ValueError(f"NarrowDense: units received {units}; expected 1 to {NARROW}. Fix: keras.layers.Dense.")
        super().__init__(units, **keywords)

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Return (..., units) for inputs (..., m), in the layer's compute dtype."""
        if not tf.is_tensor(inputs) or inputs.dtype != tf.float32 or len(inputs.shape) != 2:
            return super().call(inputs)
        product = narrow_product(inputs, tf.convert_to_tensor(self.kernel))
        return product if self.bias is None else product + tf.convert_to_tensor(self.bias)


@tf.custom_gradient
def narrow_product(x: tf.Tensor, w: tf.Tensor) -> tuple[tf.Tensor, Callable[..., Any]]:
    """Return x @ w, (B, n), of float32 (B, m) and (m, n) with a small n."""

    def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        columns = tf.unstack(upstream, num=w.shape[1], axis=1)
        by_input = tf.add_n([c[:, None] * v[None] for c, v in zip(columns, tf.unstack(w, axis=1), strict=True)])
        by_weight = tf.stack([tf.reduce_sum(x * c[:, None], axis=0) for c in columns], axis=1)
        return by_input, by_weight

    return tf.matmul(x, w), gradient
