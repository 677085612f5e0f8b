"""What every metric asks of predictions and targets."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lab.errors import bad_value

# Rounding of a softmax in float16 stays well below it; logits do not.
SUM_TOLERANCE = 1e-2


def check_numbers(owner: str, name: str, values: ArrayLike) -> NDArray[np.float64]:
    """Return finite numbers as float64 of the same shape, of at least one value."""
    array = np.asarray(values)
    if array.dtype.kind not in "buif" or array.size == 0 or array.ndim == 0:
        raise bad_value(owner, name, f"{array.dtype} {array.shape}", "an array of at least one number")
    array = array.astype(np.float64)
    bad = array.size - int(np.isfinite(array).sum())
    if bad:
        raise bad_value(owner, name, f"{bad} values that are NaN or infinite", "finite numbers", "drop those rows")
    return array


def check_rows(owner: str, name: str, rows: ArrayLike) -> NDArray[np.float64]:
    """Return finite rows (N, D) as float64."""
    array = np.asarray(rows)
    if array.ndim != 2 or array.size == 0:
        raise bad_value(owner, name, f"shape {array.shape}", "rows (N, D)", "rows.reshape(len(rows), -1)")
    return check_numbers(owner, name, array)


def check_codes(owner: str, codes: ArrayLike, classes: int, name: str = "codes") -> NDArray[np.int64]:
    """Return class codes (N,) as int64 after checking that each is in [0, classes)."""
    array = np.asarray(codes)
    if array.ndim != 1 or array.dtype.kind not in "ui" or array.size == 0:
        fix = "np.unique(labels, return_inverse=True)[1] turns labels into codes"
        raise bad_value(owner, name, f"{array.dtype} {array.shape}", "whole numbers (N,), at least one", fix)
    if array.min() < 0 or array.max() >= classes:
        received = f"codes from {array.min()} to {array.max()}"
        raise bad_value(owner, name, received, f"codes from 0 to {classes - 1}, one for each of {classes} classes")
    return array.astype(np.int64)


def check_probabilities(
    owner: str, probabilities: ArrayLike, codes: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return probabilities (N, K) as float64 and codes (N,) as int64 after checking that they belong together."""
    array = check_rows(owner, "probabilities", probabilities)
    if array.shape[1] < 2:
        fix = "np.stack([1 - p, p], axis=1) for one probability p a row"
        raise bad_value(
            owner, "probabilities of shape", array.shape, "(N, K), a column for each of K >= 2 classes", fix
        )
    off = float(np.abs(array.sum(axis=1) - 1.0).max())
    if array.min() < 0.0 or off > SUM_TOLERANCE:
        received = f"values from {array.min():.3g} to {array.max():.3g}, row sums up to {off:.3g} away from 1"
        raise bad_value(owner, "probabilities", received, "values >= 0 that sum to 1 in each row", "apply a softmax")
    whole = check_codes(owner, codes, array.shape[1])
    if len(whole) != len(array):
        raise bad_value(owner, "codes", f"{len(whole)} codes", f"one for each of {len(array)} rows of probabilities")
    return array, whole


def check_pair(owner: str, predicted: ArrayLike, true: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return predictions and targets of one shape as float64."""
    a, b = check_numbers(owner, "predicted", predicted), check_numbers(owner, "true", true)
    if a.shape != b.shape:
        raise bad_value(owner, "predicted of shape", a.shape, f"the shape of the targets, {b.shape}")
    return a, b
