"""Compares nested states to the bit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lab.testing.failures import CheckFailed

MOST_SHOWN = 5


def differences(first: Any, second: Any, path: str = "state") -> list[str]:
    """Return where two states differ in a single bit, type or name.

    Args:
        first, second: Nested mappings, lists and tuples of arrays, numbers, texts, flags and None.
        path: What to call the states.

    Returns:
        A line for each place; none where they are equal.
    """
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        found = [f"{path}: names {sorted(first.keys() ^ second.keys())}"] if first.keys() != second.keys() else []
        return found + [d for k in first if k in second for d in differences(first[k], second[k], f"{path}.{k}")]
    if isinstance(first, (list, tuple)) and isinstance(second, (list, tuple)):
        if len(first) != len(second):
            return [f"{path}: {len(first)} entries against {len(second)}"]
        pairs = zip(first, second, strict=True)
        return [d for i, (a, b) in enumerate(pairs) for d in differences(a, b, f"{path}[{i}]")]
    if isinstance(first, np.ndarray) and isinstance(second, np.ndarray):
        if (first.dtype, first.shape) != (second.dtype, second.shape):
            return [f"{path}: {first.dtype} {first.shape} against {second.dtype} {second.shape}"]
        # Bytes, because == holds 0.0 for -0.0 and NaN for unequal to itself.
        return [] if first.tobytes() == second.tobytes() else [f"{path}: the arrays' bytes differ"]
    if type(first) is not type(second):
        return [f"{path}: {type(first).__name__} against {type(second).__name__}"]
    same = np.array(first).tobytes() == np.array(second).tobytes() if isinstance(first, float) else first == second
    return [] if same else [f"{path}: {first!r} against {second!r}"]


def check_same_state(first: Any, second: Any, what: str = "two states", fix: str = "see where they differ.") -> None:
    """Check that two nested states are equal to the bit.

    Args:
        first, second: As for `differences`.
        what: What they are, for the message.
        fix: How they may be made equal, likewise.

    Raises:
        CheckFailed: Naming the places where they are not.
    """
    found = differences(first, second)
    if found:
        more = f", and {len(found) - MOST_SHOWN} more" if len(found) > MOST_SHOWN else ""
        raise CheckFailed(f"{what} that differ at {', '.join(found[:MOST_SHOWN])}{more}", "equality to the bit", fix)


def without_clock(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return log rows without what depends on the clock."""
    return [{k: v for k, v in row.items() if not k.startswith("time_")} for row in rows]
