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
        slices = [slice(end - size, end) for end, size in zip(self.ends, self.sizes, strict=True)]
        self.places = list(zip(slices, [d.as_numpy_dtype for d in self.dtypes], self.shapes, strict=True))

    def pack(self, nested: Any) -> tf.Tensor:
        """Return nested tensors as float32 (size,)."""
        parts = self._parts(nested)
        return tf.concat(parts, axis=0) if parts else tf.zeros(0)

    def put(self, vector: tf.Tensor, nested: Any, start: int) -> tf.Tensor:
        """Return a vector with nested tensors written into it from `start` on; compiles under XLA only.

        XLA writes part after part in place, while it makes a concatenation of many number by number.
        """
        from tensorflow.compiler.tf2xla.python import xla

        for part, place in zip(self._parts(nested), self.places, strict=True):
            vector = xla.dynamic_update_slice(vector, part, [tf.constant(start + place[0].start)])
        return vector

    def _parts(self, nested: Any) -> list[tf.Tensor]:
        parts = []
        for leaf in tf.nest.flatten(nested):
            words = leaf if leaf.dtype == tf.float32 else tf.bitcast(leaf, tf.float32)
            parts.append(tf.reshape(words, [-1]))
        return parts

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

    def views(self, vector: np.ndarray, number: int | None = None) -> list[np.ndarray]:
        """Return the leaves that lie in a NumPy vector (size,), or the first few of them, without copying."""
        return [vector[part].view(dtype).reshape(shape) for part, dtype, shape in self.places[:number]]
