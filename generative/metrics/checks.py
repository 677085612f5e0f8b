"""What every metric asks of the two samples that it compares."""

from __future__ import annotations

import numpy as np

from lab.errors import UsageError, bad_value


class TooFewSamples(UsageError):  # noqa: N818 - it names what is wrong, as UsageError's other kinds do
    """Fewer rows than a metric needs to mean anything."""


def check_rows(owner: str, name: str, rows: np.ndarray, fewest: int = 1, why: str = "") -> np.ndarray:
    """Return rows as float64 after checking them.

    Args:
        owner: The metric, for messages.
        name: The argument, for messages.
        rows: (N, D) numbers.
        fewest: Least N.
        why: What that number follows from.

    Raises:
        TooFewSamples: When there are fewer rows.
        UsageError: On another shape, or values that are not finite.
    """
    array = np.asarray(rows)
    if array.ndim != 2 or array.shape[1] == 0 or array.dtype.kind not in "buif":
        received = f"{array.dtype} {array.shape}"
        raise bad_value(owner, name, received, "numbers of shape (N, D)", "rows.reshape(len(rows), -1)")
    if len(array) < fewest:
        raise TooFewSamples(
            f"{owner}: {name} received {len(array)} rows; expected at least {fewest}{why and f', {why}'}. "
            "Fix: more samples, or another metric."
        )
    array = array.astype(np.float64)
    if not np.isfinite(array).all():
        raise bad_value(owner, name, "values that are not finite", "finite numbers")
    return array


def check_pair(
    owner: str, first: np.ndarray, second: np.ndarray, fewest: int = 1, why: str = ""
) -> tuple[np.ndarray, np.ndarray]:
    """Return two samples as float64 (N, D) and (M, D) after checking both; see `check_rows`."""
    a, b = check_rows(owner, "first", first, fewest, why), check_rows(owner, "second", second, fewest, why)
    if a.shape[1] != b.shape[1]:
        raise bad_value(owner, "samples of widths", (a.shape[1], b.shape[1]), "one width: features of one network")
    return a, b
