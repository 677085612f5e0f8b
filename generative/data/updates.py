"""The rows that each update of a generator learns from: their order, and how they come to it on the device."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from generative.augmentation.augmentation import Augmentation
from generative.augmentation.augmenting import Augmenter
from generative.data.batching import Batch
from generative.spec import DataSpec
from lab.errors import CheckpointError
from lab.runs.state_checks import restore_generator
from lab.training.update_loop import UpdateLoop

CHUNK = 4_096


class IndexStream:
    """Deals row numbers in epochs: each row once an epoch, each epoch in an order of its own.

    Its state is the generator's state at the epoch's start and a cursor, whatever the size of the data.

    Args:
        size: Rows of the data set.
        rng: Where the orders are drawn from; the stream alone must use it.
    """

    def __init__(self, size: int, rng: np.random.Generator) -> None:
        self.size = size
        self.rng = rng
        self.epoch = -1
        self._begin_epoch()

    @property
    def epochs(self) -> float:
        """Epochs dealt so far."""
        return self.epoch + self.cursor / self.size

    def take(self, count: int, batch: int) -> np.ndarray:
        """Return the next rows, int32 (count, batch); a batch may span epochs."""
        indices = np.empty(count * batch, np.int32)
        filled = 0
        while filled < len(indices):
            if self.cursor == self.size:
                self._begin_epoch()
            part = self._order[self.cursor : self.cursor + len(indices) - filled]
            indices[filled : filled + len(part)] = part
            filled += len(part)
            self.cursor += len(part)
        return indices.reshape(count, batch)

    def get_state(self) -> dict[str, Any]:
        """Return what `set_state` needs to go on with the very next row."""
        return {"rng": self._start, "epoch": self.epoch, "cursor": self.cursor}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go on where `get_state` was called."""
        epoch, cursor = state["epoch"], state["cursor"]
        if type(epoch) is not int or type(cursor) is not int or epoch < 0 or not 0 <= cursor <= self.size:
            raise CheckpointError(
                f"IndexStream: the checkpoint goes on in epoch {epoch!r:.40} at row {cursor!r:.40}; expected whole "
                f"numbers >= 0, and at most {self.size} rows. Fix: resume with the data of the run."
            )
        restore_generator(self.rng, state["rng"], "IndexStream.rng")
        self.epoch = epoch - 1
        self._begin_epoch()
        self.cursor = cursor

    def _begin_epoch(self) -> None:
        self._start = self.rng.bit_generator.state
        self._order = self.rng.permutation(self.size).astype(np.int32)
        self.epoch += 1
        self.cursor = 0


class DealtUpdates(UpdateLoop):
    """Makes updates on rows that a stream deals; a subclass says what a batch is of int32 (B,) row numbers.

    Args:
        stream: Deals the rows.
        rows_an_update: B.
        arguments, keywords: As for `UpdateLoop`.
    """

    def __init__(self, stream: IndexStream, rows_an_update: int, *arguments: Any, **keywords: Any) -> None:
        self.stream, self.rows_an_update = stream, rows_an_update
        super().__init__(*arguments, **keywords)

    def run(self, count: int, start: int = 0) -> np.ndarray:
        """Make the next updates, each on the next rows of the stream.

        Args:
            count: How many, at most `most`.
            start: The number of the first update, counted from the run's beginning; augmentation goes by it.

        Returns:
            float64 (count, len(names)), the metrics of each update.
        """
        indices = self.stream.take(count, self.rows_an_update)
        if self.call is None:
            return self.run_each([(batch, np.int32(start + i)) for i, batch in enumerate(indices)])
        numbers = np.arange(start, start + self.most, dtype=np.int32)
        padded = np.zeros((self.most, indices.shape[1]), np.int32)
        padded[:count] = indices
        return self.run_stacked((padded, numbers), count)


class Updates(DealtUpdates):
    """Compiles `Generator.update` together with the gathering and scaling of its batches.

    Args:
        generator: A built generator.
        rows: (N, ...) rows in the data set's own range and type; they are put on the device as they are.
        labels: Codes from 0, int32 (N,), or None.
        stream: Deals the rows.
        compiled: Whether many updates run in one call, or each in its own.
        augmentation: How rows are varied, or None.
    """

    def __init__(
        self,
        generator: Any,
        rows: np.ndarray,
        labels: np.ndarray | None,
        stream: IndexStream,
        compiled: bool,
        augmentation: Augmentation | None = None,
    ) -> None:
        owner = f"{type(generator).__name__}.update"
        self.spec = generator.spec
        # Rows that float32 cannot tell apart are scaled before they become float32. An augmentation sees them before
        # they are normalised feature-wise; it is coarser than what is lost by that.
        self.scaled = self.spec.is_wide
        held = tf.constant(_scaled(rows, self._spec(augmentation)) if self.scaled else rows)
        fixed = (held,) if labels is None else (held, tf.constant(labels))
        # An augmentation's seeds are traced with it.
        super().__init__(
            *(stream, generator.batch_size, owner, generator.update, generator.compile),
            *(generator.updates_per_call, compiled, generator),
            fixed=fixed,
            shares=augmentation is None,
        )
        self.augmenter: Augmenter | None = None
        if augmentation is not None:
            # A path of its own below "data", where generators count from 1.
            first, second = (generator.seeds.integer("data", 0, i) for i in (0, 1))
            self.augmenter = Augmenter(augmentation, generator.spec, (first, second))

    def batch(self, fixed: tuple[tf.Tensor, ...], *inputs: tf.Tensor) -> Batch:
        """Return rows and labels of the data, varied and scaled, for int32 (B,) indices and the update's number."""
        indices, number = inputs
        rows, augmenter = tf.gather(fixed[0], indices), self.augmenter
        data = rows if self.scaled else self._spec(augmenter).normalise_tensor(rows)
        if augmenter is not None:
            data = self.spec.standardise_tensor(augmenter(data, number))
        return Batch(data, tf.gather(fixed[1], indices) if len(fixed) > 1 else None)

    def _spec(self, augmented: object) -> DataSpec:
        """Return what scales rows: an augmentation sees them before they are normalised feature-wise."""
        return self.spec if augmented is None else dataclasses.replace(self.spec, centre=None, spread=None)


def _scaled(rows: np.ndarray, spec: DataSpec) -> np.ndarray:
    """Return rows as float32 in [-1, 1], a part after the other, because each takes twice its memory on the way."""
    result = np.empty(rows.shape, np.float32)
    for start in range(0, len(rows), CHUNK):
        result[start : start + CHUNK] = spec.normalise(rows[start : start + CHUNK])
    return result
