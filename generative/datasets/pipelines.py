"""Reads a `tf.data.Dataset` into arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lab.errors import UsageError, bad_value

if TYPE_CHECKING:
    import tensorflow as tf

MOST_BYTES = 8 << 30


def materialise(pipeline: tf.data.Dataset) -> tuple[np.ndarray, np.ndarray | None]:
    """Read every element into memory.

    Elements are batches if their labels have one dimension, or if, without labels, their first dimension is not
    fixed (as `.batch(n)` leaves it) or they have four dimensions; otherwise each element is one row. The pipeline
    should not shuffle: which rows are held out goes by their order.

    Args:
        pipeline: Finite, of rows or (row, label) pairs.

    Returns:
        Rows (N, ...), and labels (N,) or None.

    Raises:
        UsageError: When it is infinite, too large for memory (8 GiB), empty, or of another structure.
    """
    import tensorflow as tf

    spec = pipeline.element_spec
    pair = isinstance(spec, tuple)
    parts = spec if pair else (spec,)
    if len(parts) > 2 or not all(isinstance(part, tf.TensorSpec) for part in parts):
        raise bad_value("tf.data.Dataset", "elements", spec, "rows or (row, label) pairs")
    if pipeline.cardinality() == tf.data.INFINITE_CARDINALITY:
        raise UsageError("tf.data.Dataset: received an infinite one; expected an end. Fix: leave out .repeat().")
    batched = _is_batched(parts)
    rows: list[Any] = []
    labels: list[Any] = []
    total = 0
    for element in pipeline.as_numpy_iterator():
        row, label = element if pair and len(parts) == 2 else (element[0] if pair else element, None)
        rows.append(row)
        labels.append(label)
        total += np.asarray(row).nbytes
        if total > MOST_BYTES:
            raise UsageError(
                f"tf.data.Dataset: did not end after {MOST_BYTES >> 30} GiB; expected one that fits in memory. "
                "Fix: .take(n) of its elements."
            )
    if not rows:
        raise bad_value("tf.data.Dataset", "elements", "none", "at least 10 rows")
    join = np.concatenate if batched else np.stack
    try:
        return join(rows), (None if len(parts) == 1 else join(labels))
    except ValueError as error:
        raise UsageError(f"tf.data.Dataset: received rows of several shapes; expected one ({error}).") from error


def _is_batched(parts: tuple[Any, ...]) -> bool:
    shape = parts[0].shape
    if len(parts) == 2 and parts[1].shape.rank is not None:
        return parts[1].shape.rank == 1
    if shape.rank is None:
        raise bad_value("tf.data.Dataset", "elements", parts[0], "a known number of dimensions", "tf.ensure_shape(...)")
    return bool(shape.rank == 4 or (shape.rank >= 2 and shape[0] is None))
