"""Layers whose largest singular value is kept at 1, so that a discriminator cannot be steep."""

from __future__ import annotations

import math
from typing import Any

import keras
import tensorflow as tf

EPSILON = 1e-12
# Power iterations before the first use; later there is one an update, because weights change little in one.
FIRST_ITERATIONS = 20


def power_iteration(matrix: tf.Tensor, right: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Come one step closer to the singular vectors of the largest singular value (Miyato et al. 2018, algorithm 1).

    Args:
        matrix: float32 (M, N).
        right: float32 (N,), of any length but 0.

    Returns:
        The left one, (M,), and the right one, (N,), each of length 1.
    """
    left = tf.linalg.l2_normalize(tf.linalg.matvec(matrix, right), epsilon=EPSILON)
    return left, tf.linalg.l2_normalize(tf.linalg.matvec(matrix, left, transpose_a=True), epsilon=EPSILON)


class SpectralNorm:
    """Divides a layer's kernel by its largest singular value (Miyato et al. 2018, "Spectral Normalization", eq. 8).

    Mixed into a layer that has a `kernel`, seen as a matrix from all inputs to outputs. The singular vectors are
    weights that no gradient changes; `iterate` does, so that all passes of one update see the same layer.

    Args:
        vector_seed: Of the first vectors.
    """

    def __init__(self, *arguments: Any, vector_seed: int, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.vector_seed = vector_seed

    def build(self, shape: Any) -> None:
        layer: Any = self
        super().build(shape)  # type: ignore[misc]
        start = keras.initializers.RandomNormal(stddev=1.0, seed=self.vector_seed)
        sides = {"left": math.prod(layer._kernel.shape[:-1]), "right": layer._kernel.shape[-1]}
        for name, side in sides.items():
            weight = layer.add_weight(shape=(side,), initializer=start, trainable=False, autocast=False, name=name)
            setattr(self, name, weight)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "vector_seed": self.vector_seed}  # type: ignore[misc]

    def save_own_variables(self, store: Any) -> None:
        # Keras' dense layers would write `kernel`, which is not what training changes, and leave the vectors out.
        keras.Layer.save_own_variables(self, store)

    def load_own_variables(self, store: Any) -> None:
        keras.Layer.load_own_variables(self, store)

    @property
    def kernel(self) -> tf.Tensor:
        """The normalised kernel, which the layer works with."""
        layer: Any = self
        kernel = tf.cast(layer._kernel.value, tf.float32)
        return tf.cast(kernel / self.singular_value(), layer.compute_dtype)

    def singular_value(self) -> tf.Tensor:
        """Return the largest singular value of the kernel that training changes, float32 (), as known so far."""
        layer: Any = self
        image = tf.linalg.matvec(_matrix(layer._kernel), tf.convert_to_tensor(layer.right))
        return tf.tensordot(tf.convert_to_tensor(layer.left), image, 1)

    def iterate(self, times: int = 1) -> None:
        """Bring the singular vectors up to date."""
        layer: Any = self
        matrix, right = _matrix(layer._kernel), tf.convert_to_tensor(layer.right)
        for _ in range(times):
            left, right = power_iteration(matrix, right)
        layer.left.assign(left)
        layer.right.assign(right)


@keras.saving.register_keras_serializable("generative")
class SpectralDense(SpectralNorm, keras.layers.Dense):
    """A dense layer with a `SpectralNorm`."""


@keras.saving.register_keras_serializable("generative")
class SpectralConv2D(SpectralNorm, keras.layers.Conv2D):
    """A convolution with a `SpectralNorm`."""


def spectral_layers(model: keras.Model) -> list[Any]:
    """Return a model's layers that have a `SpectralNorm`."""
    return [layer for layer in model._flatten_layers(recursive=True) if isinstance(layer, SpectralNorm)]


def _matrix(kernel: Any) -> tf.Tensor:
    value = tf.cast(kernel.value, tf.float32)
    return tf.reshape(value, (-1, value.shape[-1]))
