"""Reads a `tf.data.Dataset` into arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lab.errors import UsageError, bad_value

if TYPE_CHECKING:
    import tensorflow as tf

MOST_BYTES = 8 << 30
ROW_KEYS = ("image", "images", "row", "rows", "x")
LABEL_KEYS = ("label", "labels", "y")
# Of a last dimension: more likely the channels of an image than the width of one.
CHANNELS = (1, 3, 4, None)
UNBATCH = (
    "pipeline.unbatch() if elements are batches, pipeline.batch(64) if each is one row; or tf.ensure_shape(row, ...) "
    "in a .map where sizes are open."
)


class Pipeline(NamedTuple):
    """What was in a pipeline.

    Attributes:
        rows: (N, ...).
        labels: (N, ...) or None.
        notes: What was left out, in words.
    """

    rows: np.ndarray
    labels: np.ndarray | None
    notes: tuple[str, ...]


def materialise(pipeline: tf.data.Dataset) -> Pipeline:
    """Read every element into memory.

    Elements are rows, (row, label) pairs, or dictionaries with one of the keys image, images, row, rows or x, and
    label, labels or y. They are single rows where labels are single numbers, and batches where labels are as many as
    rows, or rows have four dimensions. Without labels, elements of one dimension, (H, W), and (H, W, C) of 1 or 3
    channels are single rows; those whose first dimension is open (as `.batch(n)` leaves it) are batches. What could be
    both, such as an image of open size and a batch of gray ones, is refused. The pipeline should not shuffle: which
    rows are held out goes by their order.

    Args:
        pipeline: Finite.

    Raises:
        UsageError: When it is infinite, too large for memory (8 GiB), empty, ambiguous, or of another structure.
    """
    import tensorflow as tf

    keys, notes = _keys(pipeline.element_spec)
    parts = [pipeline.element_spec if key is None else pipeline.element_spec[key] for key in keys]
    for part in parts:
        if not isinstance(part, tf.TensorSpec):
            fix = ".map(lambda row: row.to_tensor()) makes ragged rows dense; all need one shape."
            raise bad_value("tf.data.Dataset", "elements", part, "dense tensors: rows or (row, label) pairs", fix)
    if pipeline.cardinality() == tf.data.INFINITE_CARDINALITY:
        raise UsageError("tf.data.Dataset: received an infinite one; expected an end. Fix: leave out .repeat().")
    batched = _is_batched(*[_dimensions(part) for part in parts])
    found: list[list[Any]] = [[] for _ in keys]
    total = 0
    for element in pipeline.as_numpy_iterator():
        for values, key in zip(found, keys, strict=True):
            values.append(element if key is None else element[key])
        total += np.asarray(found[0][-1]).nbytes
        if total > MOST_BYTES:
            raise UsageError(
                f"tf.data.Dataset: did not end after {MOST_BYTES >> 30} GiB; expected one that fits in memory. "
                "Fix: .take(n) of its elements."
            )
    if not found[0]:
        raise bad_value("tf.data.Dataset", "elements", "none", "at least 10 rows")
    shapes = sorted({np.shape(row)[1:] if batched else np.shape(row) for row in found[0]})
    if len(shapes) > 1:
        received = f"{len(shapes)} shapes, such as {shapes[0]} and {shapes[1]}"
        fix = ".map(lambda row: tf.image.resize(row, (64, 64), method='area')) before."
        raise bad_value("tf.data.Dataset", "rows", received, "rows of one shape", fix)
    rows, *labels = ((np.concatenate if batched else np.stack)(values) for values in found)
    if labels and labels[0].dtype.kind == "O":
        labels[0] = np.array([text.decode() for text in labels[0].ravel()]).reshape(labels[0].shape)
    return Pipeline(rows, labels[0] if labels else None, notes)


def _keys(spec: Any) -> tuple[list[Any], tuple[str, ...]]:
    """Return the keys of rows and labels in an element, [None] for rows alone, and what is left out."""
    if isinstance(spec, dict):
        rows, labels = ([key for key in known if key in spec] for known in (ROW_KEYS, LABEL_KEYS))
        if len(rows) != 1 or len(labels) > 1:
            fix = ".map(lambda row: (row['image'], row['label']))."
            raise bad_value("tf.data.Dataset", "elements with keys", sorted(spec), "rows or (row, label) pairs", fix)
        others = sorted(set(spec) - {*rows, *labels})
        return [*rows, *labels], ((f"left out the entries {', '.join(others)} of each row",) if others else ())
    if not isinstance(spec, tuple):
        return [None], ()
    if len(spec) not in (1, 2):
        fix = ".map(lambda row, label, *rest: (row, label))."
        raise bad_value("tf.data.Dataset", "elements", spec, "rows or (row, label) pairs", fix)
    return list(range(len(spec))), ()


def _dimensions(part: Any) -> tuple[int | None, ...]:
    if part.shape.rank is None:
        fix = ".map(lambda row: tf.ensure_shape(row, (None, None, 3)))."
        raise bad_value("tf.data.Dataset", "elements", part, "a known number of dimensions", fix)
    return tuple(part.shape)


def _is_batched(row: tuple[int | None, ...], label: tuple[int | None, ...] | None = None) -> bool:
    """Return whether elements are batches, by the sizes of their dimensions, None where these are open.

    Raises:
        UsageError: When they could be either.
    """
    if not row:
        raise bad_value("tf.data.Dataset", "elements of shape", row, "rows (D,), (H, W) or (H, W, C), or batches")
    if label is not None and not label:
        return False
    if len(row) == 4:
        return True
    # A picture, but for a batch of gray ones with as many columns as a picture has channels.
    pictured = len(row) == 3 and row[2] in CHANNELS
    if label is not None:
        if label == (1,) and row[0] not in (1, None):
            return False
        if row[0] != label[0] and None not in (row[0], label[0]):
            fix = ".map(lambda row, label: (row, tf.argmax(label))) for one-hot labels."
            raise bad_value("tf.data.Dataset", "labels of shape", label, "whole numbers, one a row", fix)
        if pictured or len(row) == 1 or (row[0] is not None and label[0] is not None):
            raise _ambiguous(row, label)
        return True
    if len(row) == 3:
        if pictured and None in row and row[:2] != (None, None):
            raise _ambiguous(row)
        if row[2] is None:
            raise _ambiguous(row)
        return not pictured
    if len(row) == 2:
        if row[1] is None or (row[0] is not None and row[1] <= 4 < row[0]):
            raise _ambiguous(row)
        return row[0] is None
    return False


def _ambiguous(row: tuple[int | None, ...], label: tuple[int | None, ...] | None = None) -> UsageError:
    received = f"{row}" if label is None else f"{row} with labels of shape {label}"
    return bad_value("tf.data.Dataset", "elements of shape", received, "a shape that says what a row is", UNBATCH)
