"""Checks of what a user hands to a generator: numbers, and anything that shall become an array."""

from __future__ import annotations

from typing import Any

import numpy as np

from lab.errors import UsageError, bad_value


def whole(owner: str, name: str, value: Any, least: int = 1, most: int | None = None, fix: str = "") -> int:
    """Return a whole number given as Python's or NumPy's, or as an array of no dimensions.

    Args:
        owner, name: Who asks, and for what.
        value: What was given.
        least, most: Bounds, both allowed.
        fix: What to do instead, for messages.

    Raises:
        UsageError: When it is none, or out of bounds.
    """
    array = _scalar(value)
    if array is None or array.dtype.kind not in "iu" or not (least <= int(array) and (most is None or array <= most)):
        limits = f">= {least}" if most is None else f"from {least} to {most}"
        raise bad_value(owner, name, value, f"a whole number {limits}", fix)
    return int(array)


def real(owner: str, name: str, value: Any, expected: str, least: float = -np.inf, above: float = -np.inf) -> float:
    """Return a finite number given as Python's or NumPy's, or as an array of no dimensions.

    Args:
        owner, name: Who asks, and for what.
        value: What was given.
        expected: What is asked for, for messages.
        least: Bound that is allowed.
        above: Bound that is not.

    Raises:
        UsageError: When it is none, or out of bounds.
    """
    array = _scalar(value)
    number = np.nan if array is None or array.dtype.kind not in "iuf" else float(array)
    if not (np.isfinite(number) and number >= least and number > above):
        raise bad_value(owner, name, value, expected)
    return number


def plain_array(owner: str, name: str, value: Any) -> np.ndarray:
    """Return what a user hands over as a plain array in the machine's byte order, or say why it cannot be one.

    Subclasses, memory maps, frames of pandas and tensors become arrays; `longdouble` becomes float64, and bfloat16
    float32. Values are never changed otherwise.

    Args:
        owner, name: Who asks, and for what.
        value: Anything.

    Raises:
        UsageError: On rows of several shapes, objects, or masked arrays of which something is masked.
    """
    if isinstance(value, np.ma.MaskedArray) and np.ma.getmaskarray(value).any():
        hidden = int(np.ma.getmaskarray(value).sum())
        fix = "value.filled(...), or leave those rows out."
        raise bad_value(owner, name, f"a masked array with {hidden} values masked", "values that are all there", fix)
    try:
        array = np.asarray(value)
    except (ValueError, TypeError) as error:
        raise UsageError(
            f"{owner}: {name} cannot be made one array ({str(error).splitlines()[0]}). "
            "Fix: rows of one shape, np.stack(list_of_rows)."
        ) from error
    if array.dtype.kind == "O" and array.size and all(isinstance(v, (str, bytes)) for v in array.flat):
        return array
    if array.dtype.kind == "O":
        kind = type(array.flat[0]).__name__ if array.size else "nothing"
        fix = "rows of one shape and type: np.stack(list_of_rows), or .astype(np.float32)."
        raise bad_value(owner, name, f"type object, holding {kind}", "numbers", fix)
    if array.dtype.name == "bfloat16":
        return array.astype(np.float32)
    if array.dtype == np.longdouble and array.dtype != np.float64:
        return array.astype(np.float64)
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _scalar(value: Any) -> np.ndarray | None:
    try:
        array = np.asarray(value)
    except (ValueError, TypeError):
        return None
    return array if array.shape == () else None
