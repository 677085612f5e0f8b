"""Acts with a small network in microseconds: a NumPy forward pass over a copy of its weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras


class Mirror:
    """Mirrors a perceptron of Dense layers, ReLU or tanh between them, in NumPy; a Reshape may follow.

    A call costs a few microseconds for one observation, where a compiled TensorFlow call costs hundreds.

    Args:
        model: A `keras.Sequential` for which `fits` holds.
    """

    def __init__(self, model: keras.Model) -> None:
        self.shapes = [tuple(w.shape) for w in model.trainable_variables]
        self.rectified = model.layers[0].activation.__name__ != "tanh"
        # Each bias is a further row of its matrix, fed by a unit that is always 1 (relu(1) = 1): a layer is then one
        # product and one maximum, and small NumPy calls are what a forward pass of one observation costs.
        widths = [rows + 1 for rows, _ in self.shapes[::2]]
        outputs = [*widths[1:], self.shapes[-1][0]]
        self.matrices = [np.zeros(pair, np.float32) for pair in zip(widths, outputs, strict=True)]
        for matrix in self.matrices[:-1]:
            matrix[-1, -1] = 1.0
        self.zeros = [np.zeros(width, np.float32) for width in widths[1:]]
        self.input = np.ones(widths[0], np.float32)
        self.reshaped = () if len(model.output_shape) == 2 else model.output_shape[1:]
        self.set_model(model)

    @staticmethod
    def fits(model: keras.Model) -> bool:
        """Return whether a model is a chain of Dense layers, all ReLU or all tanh, with a linear last one."""
        import keras

        if not isinstance(model, keras.Sequential):
            return False
        layers = model.layers
        if layers and isinstance(layers[-1], keras.layers.Reshape):
            layers = layers[:-1]
        if not all(isinstance(layer, keras.layers.Dense) and layer.use_bias for layer in layers):
            return False
        names = [layer.activation.__name__ for layer in layers]
        return any(names == [between] * (len(layers) - 1) + ["linear"] for between in ("relu", "tanh"))

    def set_model(self, model: keras.Model) -> None:
        """Take the weights of a model of the same shapes."""
        self.set_weights([w.numpy() for w in model.trainable_variables])

    def set_weights(self, weights: Sequence[np.ndarray]) -> None:
        """Take new weights, float32 (...) each, in the order and shapes of `model.trainable_variables`."""
        for layer, matrix in enumerate(self.matrices):
            units = self.shapes[2 * layer][1]
            matrix[:-1, :units] = weights[2 * layer]
            matrix[-1, :units] = weights[2 * layer + 1]

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """Return the network's outputs, float32 (n, outputs), for features float32 (n, inputs)."""
        if len(features) == 1:
            hidden = self.input
            hidden[:-1] = features[0]
        else:
            hidden = np.ones((len(features), len(self.input)), np.float32)
            hidden[:, :-1] = features
        for matrix, zero in zip(self.matrices, self.zeros, strict=False):
            hidden = hidden.dot(matrix)
            if self.rectified:
                np.maximum(hidden, zero, out=hidden)
            else:
                np.tanh(hidden, out=hidden)
                # The unit that feeds the biases.
                hidden[..., -1] = 1.0
        outputs = hidden.dot(self.matrices[-1])
        if self.reshaped:
            return outputs.reshape(-1, *self.reshaped)
        return outputs[None] if outputs.ndim == 1 else outputs
