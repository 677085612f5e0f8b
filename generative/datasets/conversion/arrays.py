"""Data sets from arrays: what their values and labels mean, and which rows are held out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from generative.arguments import plain_array, real
from generative.data.dataset import Dataset, DataSpec, fixed_permutation
from generative.data.labels import count_classes, read_labels
from generative.datasets.conversion.ranges import known_range, range_notes
from lab.errors import UsageError, bad_value
from lab.messages.notes import warn

TEST_FRACTION = 5
FEWEST_ROWS = 10
# Of the last axis of rows of three dimensions: more likely the channels of one picture.
CHANNELS = (1, 3)
ALPHA, LEAST_SIDE = 4, 16
ON_WHITE = "a = rows[..., 3:] / 255; rows[..., :3] * a + 255 * (1 - a) puts them on white."


def from_arrays(
    rows: Any,
    labels: Any = None,
    *,
    test: Any = None,
    test_labels: Any = None,
    low: float | None = None,
    high: float | None = None,
    name: str = "array",
    kind: str = "array",
    notes: Sequence[str] = (),
) -> Dataset:
    """Make a data set of rows; a fifth of them, the first of a fixed permutation, are held out for testing.

    What values mean without `low` and `high`: uint8 is [0, 255], or [0, 1] where nothing is greater (a mask); boolean
    is [0, 1]; floating images are [0, 1] if nothing lies outside, else [-1, 1] if nothing lies outside that; floating
    points (N, D) may have any finite range, and the training rows' extremes become -1 and 1. Everything else must be
    declared. A mask, and rows or columns that fill little of their range, are warned of.

    Labels are kept as they are: those of 10, 20 and 30 have three classes, which `sample(labels=20)` knows by these
    numbers. Texts become the classes' names, in alphabetical order.

    Args:
        rows: Points (N, D), images (N, H, W) or (N, H, W, C) with 1 or 3 channels; at least 10.
        labels: Whole numbers >= 0, of any type if they have no fraction, or texts, (N,) or (N, 1); or None.
        test, test_labels: The same, of rows to hold out in place of a fifth.
        low: Least value that the data may have; with `high`, or neither.
        high: Greatest value that the data may have.
        name: For titles and messages.
        kind: How the source is called in a run's config.json.
        notes: What was left out or converted before, in words, to be warned of and noted in config.json.

    Raises:
        UsageError: On empty, too few, non-finite or non-numeric rows, and shapes, ranges or labels that do not fit.
    """
    train, test, known = _split(rows, labels, test, test_labels)
    bounded = True
    said = [*notes]
    if low is None and high is None:
        low, high, bounded, note = known_range(train, test)
        said += [note] if note else []
    elif low is None or high is None:
        raise UsageError(f"data: received low={low!r}, high={high!r}; expected both or neither.")
    low, high = (real("data", which, value, "a finite number") for which, value in (("low", low), ("high", high)))
    classes, values, names = (None, None, None) if known is None else count_classes(np.concatenate(known))
    spec = DataSpec(
        train.shape[1:], train.dtype.name, low, high, classes, name, bounded, names, label_values=values
    )  # fmt: skip
    train_labels, held_out = (None, None) if known is None else (_kept(part, values, names) for part in known)
    said += range_notes(train, spec)
    if said:
        warn(f"{name}: {'; '.join(said)}", stacklevel=2)
    return Dataset(train, test, spec, train_labels, held_out, kind, notes=tuple(said))


def _split(
    rows: Any, labels: Any, test: Any, test_labels: Any
) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, np.ndarray] | None]:
    """Return rows to train on, rows held out, and the labels of both or None."""
    rows = _checked_rows(rows, "data")
    known = None if labels is None else read_labels("data", labels, len(rows))
    if test is None:
        if test_labels is not None:
            raise bad_value("data", "test_labels", "labels", "none without test")
        order = fixed_permutation(len(rows))
        count = len(rows) // TEST_FRACTION
        held_out, kept = np.sort(order[:count]), np.sort(order[count:])
        return rows[kept], rows[held_out], None if known is None else (known[kept], known[held_out])
    test = _checked_rows(test, "test data", fewest=1)
    if test.shape[1:] != rows.shape[1:] or test.dtype != rows.dtype:
        received = f"{test.dtype} {test.shape}"
        raise bad_value("data", "test", received, f"rows as those to train on, {rows.dtype} (N, ...{rows.shape[1:]})")
    if (test_labels is None) != (known is None):
        raise bad_value("data", "test_labels", "none" if test_labels is None else "labels", "labels of both or neither")
    if known is None:
        return rows, test, None
    theirs = read_labels("test data", test_labels, len(test))
    unknown = np.setdiff1d(theirs, known)
    if len(unknown) or theirs.dtype.kind != known.dtype.kind:
        raise bad_value("data", "test_labels", theirs[0] if not len(unknown) else unknown[0], "labels trained on")
    return rows, test, (known, theirs)


def _kept(labels: np.ndarray, values: Any, names: Sequence[str] | None) -> np.ndarray:
    """Return labels as the data set keeps them: numbers as they are, texts as the number of their name."""
    if names is not None:
        return np.searchsorted(np.asarray(names), labels).astype(np.int32)
    return labels.astype(np.int32) if values is None else labels


def _checked_rows(rows: Any, what: str, fewest: int = FEWEST_ROWS) -> np.ndarray:
    rows = plain_array(what, "rows", rows)
    if rows.dtype.kind not in "buif":
        raise bad_value(what, "type", str(rows.dtype), "numbers", "rows of one shape: np.stack(list_of_rows).")
    if rows.size == 0:
        raise bad_value(what, "shape", rows.shape, f"at least {fewest} rows")
    if rows.ndim not in (2, 3, 4):
        raise bad_value(what, "shape", rows.shape, "points (N, D) or images (N, H, W) or (N, H, W, C)")
    if rows.ndim == 4 and rows.shape[-1] not in (1, 3):
        fix = "np.moveaxis(rows, 1, -1) puts channels last." if rows.shape[1] in (1, 3, 4) else ""
        fix = ON_WHITE if rows.shape[-1] == ALPHA and not fix else fix
        raise bad_value(what, "shape", rows.shape, "images (N, H, W, C) with 1 or 3 channels", fix)
    if rows.ndim == 3 and (rows.shape[-1] in CHANNELS or (rows.shape[-1] == ALPHA and rows.shape[1] >= LEAST_SIDE)):
        fix = "rows[..., None] for gray images so narrow, np.stack([...]) of images (H, W, C), or rows[None] of one."
        raise bad_value(what, "shape", rows.shape, "images (N, H, W) or (N, H, W, C): this may be one image alone", fix)
    if len(rows) < fewest:
        raise bad_value(what, "rows", len(rows), f"at least {fewest}, of which a fifth are held out")
    if rows.dtype.kind == "f" and not np.isfinite(rows).all():
        bad = np.flatnonzero((~np.isfinite(rows.reshape(len(rows), -1))).any(axis=1))
        received = f"NaN or infinity in {len(bad)} rows, the first of them row {bad[0]}"
        fix = "rows[np.isfinite(rows.reshape(len(rows), -1)).all(axis=1)] leaves them out."
        raise bad_value(what, "values", received, "finite numbers", fix)
    return rows
