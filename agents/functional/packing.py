"""Nested tensors side by side in one vector: every tensor that enters or leaves a compiled call costs time."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import tensorflow as tf

WORD = 4


class Packing:
    """Says how nested tensors lie in one float32 vector; what is no float32 lies there bit by bit.

    Args:
        like: Nested tuples of tensors or variables of fixed shapes.

    Attributes:
        size: Numbers of the vector.
    """

    def __init__(self, like: Any) -> None:
        self.structure = tf.nest.map_structure(lambda leaf: 0, like)
        leaves = tf.nest.flatten(like)
        self.shapes = [tuple(leaf.shape) for leaf in leaves]
        self.dtypes = [tf.as_dtype(leaf.dtype) for leaf in leaves]
        pairs = zip(self.shapes, self.dtypes, strict=True)
        self.sizes = [math.prod(shape) * dtype.size // WORD for shape, dtype in pairs]
        if any(dtype.size % WORD for dtype in self.dtypes):
            raise ValueError(f"parameters received {self.dtypes}; expected numbers of 32 or 64 bits.")
        self.ends = np.cumsum(self.sizes).tolist()
        self.size = self.ends[-1] if self.ends else 0

    def pack(self, nested: Any) -> tf.Tensor:
        """Return nested tensors as float32 (size,)."""
        parts = []
        for leaf in tf.nest.flatten(nested):
            words = leaf if leaf.dtype == tf.float32 else tf.bitcast(leaf, tf.float32)
            parts.append(tf.reshape(words, [-1]))
        return tf.concat(parts, axis=0) if parts else tf.zeros(0)

    def unpack(self, vector: tf.Tensor) -> Any:
        """Return the nested tensors that lie in float32 (size,)."""
        leaves = []
        for part, shape, dtype in zip(tf.split(vector, self.sizes), self.shapes, self.dtypes, strict=True):
            if dtype != tf.float32:
                part = tf.bitcast(tf.reshape(part, (*shape, -1) if dtype.size > WORD else shape), dtype)
            leaves.append(tf.reshape(part, shape))
        return tf.nest.pack_sequence_as(self.structure, leaves)

    def from_variables(self, nested: Any) -> np.ndarray:
        """Return the values of nested variables as float32 (size,)."""
        leaves = [np.ascontiguousarray(leaf.numpy()).reshape(-1) for leaf in tf.nest.flatten(nested)]
        return np.concatenate([leaf.view(np.float32) for leaf in leaves]) if leaves else np.zeros(0, np.float32)

    def views(self, vector: np.ndarray) -> list[np.ndarray]:
        """Return the leaves that lie in a NumPy vector (size,), without copying."""
        parts = zip(self.ends, self.sizes, self.shapes, self.dtypes, strict=True)
        return [vector[end - size : end].view(d.as_numpy_dtype).reshape(s) for end, size, s, d in parts]
