"""What the values of rows mean where nobody says: their range, and whether they fill it."""

from __future__ import annotations

import numpy as np

from generative.spec import DataSpec
from lab.errors import bad_value

DECLARE = "generative.datasets.from_arrays(rows, low=..., high=...) declares another range."
# Of a range, what is so little that a generator would hardly see it.
NARROW = 0.1
NARROW_COLUMN = 0.01
SHOWN = 5
CHUNK = 256


def known_range(train: np.ndarray, test: np.ndarray) -> tuple[float, float, bool, str]:
    """Return low, high, whether nothing lies outside, and what to say of it, for rows without a declared range.

    Args:
        train, test: Rows (N, ...); of points, the rows held out have no say.

    Raises:
        UsageError: When values could mean several things, or none differ.
    """
    if train.dtype == np.bool_:
        return 0.0, 1.0, True, ""
    if train.dtype == np.uint8:
        if max(train.max(), test.max()) == 1:
            words = "uint8 rows of 0 and 1 were taken for masks, of range [0, 1]; low=0, high=255 makes them pixels"
            return 0.0, 1.0, True, words
        return 0.0, 255.0, True, ""
    if train.dtype.kind != "f":
        depth = np.iinfo(train.dtype)
        fix = f"{DECLARE[:-1]}, such as low={max(0, depth.min)}, high={depth.max} for all {depth.bits} bits."
        raise bad_value("data", "type", str(train.dtype), "uint8, boolean or floating rows", fix)
    if train.ndim == 2:
        least, most = float(train.min()), float(train.max())
        if least == most:
            raise bad_value("data", "values", f"nothing but {least:g}", "values that differ")
        return least, most, False, ""
    least, most = float(min(train.min(), test.min())), float(max(train.max(), test.max()))
    if least >= 0.0 and most <= 1.0:
        return 0.0, 1.0, True, ""
    if least >= -1.0 and most <= 1.0:
        return -1.0, 1.0, True, ""
    bytes_like = least >= 0.0 and most <= 255.0
    fix = "from_arrays(rows, low=0, high=255), or rows / 255." if bytes_like else DECLARE
    raise bad_value("data", "images in", f"[{least:g}, {most:g}]", "[0, 1] or [-1, 1]", fix)


def range_notes(train: np.ndarray, spec: DataSpec) -> list[str]:
    """Return what to say of rows (N, ...) that are all alike, or fill little of their range."""
    if len(spec.shape) == 1:
        span = np.ptp(spec.fractions(np.stack([train.min(axis=0), train.max(axis=0)])), axis=0)
        notes = _columns(np.flatnonzero(span == 0.0), "never differ")
        narrow = np.flatnonzero((span > 0.0) & (span < NARROW_COLUMN))
        words = f"differ by less than {NARROW_COLUMN:.0%} of [{spec.low:g}, {spec.high:g}], and will hardly be learnt"
        return notes + _columns(narrow, f"{words} (data.normalised('feature') brings all to one scale)")
    if all((train[start : start + CHUNK] == train[0]).all() for start in range(0, len(train), CHUNK)):
        return [f"all {len(train)} rows to train on are equal"]
    least, most = float(train.min()), float(train.max())
    if most - least < NARROW * (spec.high - spec.low):
        used = f"values lie in [{least:g}, {most:g}], less than {NARROW:.0%} of [{spec.low:g}, {spec.high:g}]"
        return [f"{used}; low= and high= of from_arrays declare another range"]
    return []


def _columns(which: np.ndarray, words: str) -> list[str]:
    if not len(which):
        return []
    shown = ", ".join(map(str, which[:SHOWN])) + (", ..." if len(which) > SHOWN else "")
    return [f"{len(which)} columns ({shown}) {words}"]
