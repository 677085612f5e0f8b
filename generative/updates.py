"""Runs a generator's updates on rows that stay on the device, many in one compiled call."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf

from generative.base import Batch, Generator
from generative.datasets.augmentation import Augmentation
from generative.datasets.augmenting import Augmenter
from lab.errors import bad_value


class Updates:
    """Compiles `Generator.update` together with the gathering and scaling of its batches.

    One call always takes the same shapes and a count of the updates to make, so that it is traced once and each
    update is the same computation however training is cut into calls.

    Args:
        generator: A built generator.
        rows: (N, ...) rows in the data set's own range and type; they are put on the device as they are.
        labels: int32 (N,) or None.
        compiled: Whether many updates run in one call, or each in its own.
        augmentation: How rows are varied, or None.
    """

    def __init__(
        self,
        generator: Generator,
        rows: np.ndarray,
        labels: np.ndarray | None,
        compiled: bool,
        augmentation: Augmentation | None = None,
    ) -> None:
        self.generator = generator
        # Nothing is lost: every batch becomes float32.
        self.rows = tf.constant(rows.astype(np.float32) if rows.dtype == np.float64 else rows)
        self.labels = None if labels is None else tf.constant(labels)
        self.augmenter: Augmenter | None = None
        if augmentation is not None:
            # A path of its own below "data", where generators count from 1.
            first, second = (generator.seeds.integer("data", 0, i) for i in (0, 1))
            self.augmenter = Augmenter(augmentation, generator.spec, (first, second))
        self.most = generator.updates_per_call if compiled else 1
        self.names: tuple[str, ...] = ()
        self.update: Any = generator.update
        self.step: Any = self._step
        self.call: Any = None
        if generator.compile is not None:
            # AutoGraph serves the user's own code; through ours it would only blur error messages.
            xla = generator.compile == "xla"
            self.update = tf.function(generator.update)
            self.step = tf.function(self._step, jit_compile=xla and not compiled, autograph=False)
            self.call = tf.function(self._call, jit_compile=xla, autograph=False) if compiled else None

    def run(self, indices: np.ndarray, start: int = 0) -> np.ndarray:
        """Make an update for each row of indices.

        Args:
            indices: int32 (n, B), n at most `most`.
            start: The number of the first update, counted from the run's beginning; augmentation goes by it.

        Returns:
            float64 (n, len(names)), the metrics of each update.
        """
        count = len(indices)
        if self.call is None:
            steps = [self.step(tf.constant(batch), tf.constant(start + i)).numpy() for i, batch in enumerate(indices)]
            return np.stack(steps).astype(np.float64)
        padded = np.zeros((self.most, indices.shape[1]), np.int32)
        padded[:count] = indices
        metrics = self.call(tf.constant(padded), tf.constant(count), tf.constant(start))
        return metrics.numpy()[:count].astype(np.float64)

    def _call(self, indices: tf.Tensor, count: tf.Tensor, start: tf.Tensor) -> tf.Tensor:
        # Traced on its own first, because the loop must know how many metrics there are.
        one = self.step.get_concrete_function(tf.TensorSpec(indices.shape[1:], tf.int32), tf.TensorSpec((), tf.int32))
        rows = tf.zeros((self.most, len(self.names)))

        def body(i: tf.Tensor, rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            return i + 1, tf.tensor_scatter_nd_update(rows, [[i]], [one(indices[i], start + i)])

        # One at a time: an update reads the variables that the one before has written.
        return tf.while_loop(lambda i, _: i < count, body, (tf.constant(0), rows), parallel_iterations=1)[1]

    def _step(self, indices: tf.Tensor, number: tf.Tensor) -> tf.Tensor:
        spec, rows = self.generator.spec, tf.gather(self.rows, indices)
        if self.augmenter is None:
            data = spec.normalise_tensor(rows)
        else:
            plain = dataclasses.replace(spec, centre=None, spread=None)
            data = spec.standardise_tensor(self.augmenter(plain.normalise_tensor(rows), number))
        labels = None if self.labels is None else tf.gather(self.labels, indices)
        metrics = dict(self.update(Batch(data, labels)))
        owner = f"{type(self.generator).__name__}.update"
        if not metrics:
            raise bad_value(owner, "metrics", "none", "at least one, such as the loss")
        for name, value in metrics.items():
            if tf.convert_to_tensor(value).shape.rank != 0:
                raise bad_value(owner, f"metric {name!r} of shape", tuple(value.shape), "()", "tf.reduce_mean(...)")
        self.names = tuple(metrics)
        return tf.stack([tf.cast(value, tf.float32) for value in metrics.values()])
