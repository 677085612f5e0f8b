"""Runs a generator's updates on rows that stay on the device, many in one compiled call."""

from __future__ import annotations

import dataclasses

import numpy as np
import tensorflow as tf

from generative.augmentation.augmentation import Augmentation
from generative.augmentation.augmenting import Augmenter
from generative.base import Batch, Generator
from generative.data.dataset import DataSpec
from lab.training.update_loop import UpdateLoop

CHUNK = 4_096


class Updates(UpdateLoop):
    """Compiles `Generator.update` together with the gathering and scaling of its batches.

    Args:
        generator: A built generator.
        rows: (N, ...) rows in the data set's own range and type; they are put on the device as they are.
        labels: Codes from 0, int32 (N,), or None.
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
        owner = f"{type(generator).__name__}.update"
        self.generator = generator
        # Rows that float32 cannot tell apart are scaled before they become float32. An augmentation sees them before
        # they are normalised feature-wise; it is coarser than what is lost by that.
        self.scaled = generator.spec.is_wide
        held = tf.constant(_scaled(rows, self._spec(augmentation)) if self.scaled else rows)
        fixed = (held,) if labels is None else (held, tf.constant(labels))
        # An augmentation's seeds are traced with it.
        super().__init__(
            *(owner, generator.update, generator.compile, generator.updates_per_call, compiled, generator),
            fixed=fixed,
            shares=augmentation is None,
        )
        self.augmenter: Augmenter | None = None
        if augmentation is not None:
            # A path of its own below "data", where generators count from 1.
            first, second = (generator.seeds.integer("data", 0, i) for i in (0, 1))
            self.augmenter = Augmenter(augmentation, generator.spec, (first, second))

    def run(self, indices: np.ndarray, start: int = 0) -> np.ndarray:
        """Make an update for each row of indices.

        Args:
            indices: int32 (n, B), n at most `most`.
            start: The number of the first update, counted from the run's beginning; augmentation goes by it.

        Returns:
            float64 (n, len(names)), the metrics of each update.
        """
        if self.call is None:
            return self.run_each([(batch, np.int32(start + i)) for i, batch in enumerate(indices)])
        count, numbers = len(indices), np.arange(start, start + self.most, dtype=np.int32)
        padded = np.zeros((self.most, indices.shape[1]), np.int32)
        padded[:count] = indices
        return self.run_stacked((padded, numbers), count)

    def batch(self, fixed: tuple[tf.Tensor, ...], *inputs: tf.Tensor) -> Batch:
        """Return rows and labels of the data, varied and scaled, for int32 (B,) indices and the update's number."""
        indices, number = inputs
        rows, augmenter = tf.gather(fixed[0], indices), self.augmenter
        data = rows if self.scaled else self._spec(augmenter).normalise_tensor(rows)
        if augmenter is not None:
            data = self.generator.spec.standardise_tensor(augmenter(data, number))
        return Batch(data, tf.gather(fixed[1], indices) if len(fixed) > 1 else None)

    def _spec(self, augmented: object) -> DataSpec:
        """Return what scales rows: an augmentation sees them before they are normalised feature-wise."""
        spec = self.generator.spec
        return spec if augmented is None else dataclasses.replace(spec, centre=None, spread=None)


def _scaled(rows: np.ndarray, spec: DataSpec) -> np.ndarray:
    """Return rows as float32 in [-1, 1], a part after the other, because each takes twice its memory on the way."""
    result = np.empty(rows.shape, np.float32)
    for start in range(0, len(rows), CHUNK):
        result[start : start + CHUNK] = spec.normalise(rows[start : start + CHUNK])
    return result
