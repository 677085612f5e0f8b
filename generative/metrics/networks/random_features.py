"""A fixed random network: a second opinion that no training data have shaped, for images of any kind."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from generative.data.batching import in_batches
from generative.data.dataset import DataSpec
from generative.metrics.networks.features import Extracted, FeatureNetwork

# Filters and stride of each 3x3 convolution; the last one's outputs are averaged over PLACES x PLACES fields.
CONVOLUTIONS = ((16, 1), (32, 2), (8, 1))
PLACES = 2


class RandomFeatures(FeatureNetwork):
    """Convolutions with random weights, which are the same for ever.

    Random filters keep much of what tells images apart (Saxe et al. 2011, "On random weights and unsupervised
    feature learning"), though nothing of what classes mean.

    Args:
        spec: What a row is: an image.
    """

    name = "FD-random-v1"
    width = CONVOLUTIONS[-1][0] * PLACES**2

    def __init__(self, spec: DataSpec) -> None:
        channels = spec.shape[2] if len(spec.shape) == 3 else 1
        kernels = [tf.constant(kernel) for kernel in _kernels(channels)]

        def extract(rows: tf.Tensor) -> tf.Tensor:
            x = tf.reshape(spec.normalise_tensor(rows), (-1, *spec.shape[:2], channels))
            for kernel, (_, stride) in zip(kernels, CONVOLUTIONS, strict=True):
                x = tf.nn.leaky_relu(tf.nn.conv2d(x, kernel, stride, "SAME"), 0.2)
            fields = tf.constant(_pooling(x.shape[1], x.shape[2]))
            return tf.reshape(tf.einsum("bhwc,phw->bpc", x, fields), (-1, self.width))

        signature = tf.TensorSpec((None, *spec.shape), spec.dtype)
        self._extract = tf.function(extract, input_signature=[signature], autograph=False)

    def extract(self, rows: np.ndarray) -> Extracted:
        return Extracted(in_batches(self._extract, rows))


def _kernels(channels: int) -> list[np.ndarray]:
    # RandomState's stream is frozen for ever; the networks of gray and of coloured images differ.
    random = np.random.RandomState(channels)
    kernels = []
    for filters, _ in CONVOLUTIONS:
        scale = np.sqrt(2.0 / (9 * channels))
        kernels.append((scale * random.standard_normal((3, 3, channels, filters))).astype(np.float32))
        channels = filters
    return kernels


def _pooling(height: int, width: int) -> np.ndarray:
    """Return the weights, float32 (PLACES^2, H, W), that average over the fields of a grid; fields may overlap."""
    rows, columns = _fields(height), _fields(width)
    return np.einsum("ph,qw->pqhw", rows, columns).reshape(PLACES**2, height, width).astype(np.float32)


def _fields(size: int) -> np.ndarray:
    weights = np.zeros((PLACES, size))
    for place in range(PLACES):
        start, stop = place * size // PLACES, -(-(place + 1) * size // PLACES)
        weights[place, start:stop] = 1.0 / (stop - start)
    return weights
