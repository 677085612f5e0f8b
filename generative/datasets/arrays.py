"""Data sets from arrays: what their values mean, and which rows are held out."""

from __future__ import annotations

from typing import Any

import numpy as np

from generative.data import Dataset, DataSpec, fixed_permutation
from lab.errors import UsageError, bad_value

TEST_FRACTION = 5
FEWEST_ROWS = 10
_DECLARE = "generative.datasets.from_arrays(rows, low=..., high=...) declares another range."


def from_arrays(
    rows: Any,
    labels: Any = None,
    *,
    low: float | None = None,
    high: float | None = None,
    name: str = "array",
    kind: str = "array",
) -> Dataset:
    """Make a data set of rows; a fifth of them, the first of a fixed permutation, are held out for testing.

    What values mean without `low` and `high`: uint8 is [0, 255]; boolean is [0, 1]; floating images are [0, 1] if
    nothing lies outside, else [-1, 1] if nothing lies outside that; floating points (N, D) may have any finite
    range, and the training rows' extremes become -1 and 1. Everything else must be declared.

    Args:
        rows: Points (N, D), images (N, H, W) or (N, H, W, C) with 1 or 3 channels; at least 10.
        labels: Whole numbers >= 0, (N,), or None.
        low: Least value that the data may have; with `high`, or neither.
        high: Greatest value that the data may have.
        name: For titles and messages.
        kind: How the source is called in a run's config.json.

    Raises:
        UsageError: On empty, too few, non-finite or non-numeric rows, and shapes, ranges or labels that do not fit.
    """
    rows = np.asarray(rows)
    _check_rows(rows)
    known_labels = None if labels is None else _checked_labels(labels, len(rows))
    order = fixed_permutation(len(rows))
    count = len(rows) // TEST_FRACTION
    test, train = np.sort(order[:count]), np.sort(order[count:])
    bounded = True
    if low is None and high is None:
        low, high, bounded = _known_range(rows, train)
    elif low is None or high is None:
        raise UsageError(f"data: received low={low!r}, high={high!r}; expected both or neither.")
    classes = None if known_labels is None else int(known_labels.max()) + 1
    spec = DataSpec(rows.shape[1:], rows.dtype.name, float(low), float(high), classes, name, bounded)
    if known_labels is None:
        return Dataset(rows[train], rows[test], spec, kind=kind)
    return Dataset(rows[train], rows[test], spec, known_labels[train], known_labels[test], kind)


def _check_rows(rows: np.ndarray) -> None:
    if rows.dtype.kind not in "buif":
        raise bad_value("data", "type", str(rows.dtype), "numbers", "rows of one shape: np.stack(list_of_rows).")
    if rows.size == 0:
        raise bad_value("data", "shape", rows.shape, "at least 10 rows")
    if rows.ndim not in (2, 3, 4):
        raise bad_value("data", "shape", rows.shape, "points (N, D) or images (N, H, W) or (N, H, W, C)")
    if rows.ndim == 4 and rows.shape[-1] not in (1, 3):
        fix = "np.moveaxis(rows, 1, -1) puts channels last." if rows.shape[1] in (1, 3) else ""
        raise bad_value("data", "shape", rows.shape, "images (N, H, W, C) with 1 or 3 channels", fix)
    if len(rows) < FEWEST_ROWS:
        raise bad_value("data", "rows", len(rows), f"at least {FEWEST_ROWS}, of which a fifth are held out")
    if rows.dtype.kind == "f" and not np.isfinite(rows).all():
        bad = int((~np.isfinite(rows.reshape(len(rows), -1))).any(axis=1).sum())
        fix = "rows[np.isfinite(rows.reshape(len(rows), -1)).all(axis=1)] leaves them out."
        raise bad_value("data", "values", f"NaN or infinity in {bad} rows", "finite numbers", fix)


def _checked_labels(labels: Any, count: int) -> np.ndarray:
    labels = np.asarray(labels)
    if labels.shape != (count,) or labels.dtype.kind not in "bui":
        received = f"{labels.dtype} {labels.shape}"
        raise bad_value("data", "labels", received, f"whole numbers of shape ({count},), one a row")
    if labels.min() < 0:
        raise bad_value("data", "labels", int(labels.min()), "whole numbers >= 0")
    return labels.astype(np.int32)


def _known_range(rows: np.ndarray, train: np.ndarray) -> tuple[float, float, bool]:
    if rows.dtype == np.uint8:
        return 0.0, 255.0, True
    if rows.dtype == np.bool_:
        return 0.0, 1.0, True
    least, most = float(rows.min()), float(rows.max())
    if rows.dtype.kind != "f":
        raise bad_value("data", "type", str(rows.dtype), "uint8, boolean or floating rows", _DECLARE)
    if rows.ndim == 2:
        # Never from the rows held out.
        least, most = float(rows[train].min()), float(rows[train].max())
        if least == most:
            raise bad_value("data", "values", f"nothing but {least:g}", "values that differ")
        return least, most, False
    if least >= 0.0 and most <= 1.0:
        return 0.0, 1.0, True
    if least >= -1.0 and most <= 1.0:
        return -1.0, 1.0, True
    raise bad_value("data", "images in", f"[{least:g}, {most:g}]", "[0, 1] or [-1, 1]", _DECLARE)
