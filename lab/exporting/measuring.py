"""What a file costs and loses beside the learner it is of: bytes, time a call, and how far its outputs are off."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lab.exporting.exportable import Arrays

BATCHES = (1, 64)
CALLS = 50
WARM_UP = 3
# Of one function at one batch; slow ones are called less often, but at least so many times.
SECONDS, LEAST_CALLS = 2.0, 5


class Latency(NamedTuple):
    """How long a call takes.

    Attributes:
        milliseconds: The median.
        calls: Of how many.
    """

    milliseconds: float
    calls: int


def latency(call: Callable[..., Arrays], inputs: Mapping[str, np.ndarray], batch: int) -> Latency:
    """Return how long a call on so many rows takes, after a few that are not counted.

    Args:
        call: From arrays by name to arrays by name.
        inputs: Real ones, (N, ...) each; repeated where there are fewer than the batch.
        batch: Rows a call.
    """
    count = len(next(iter(inputs.values())))
    rows = np.arange(batch) % count
    given = {name: array[rows] for name, array in inputs.items()}
    for _ in range(WARM_UP):
        call(**given)
    times: list[float] = []
    while len(times) < CALLS and (sum(times) < SECONDS or len(times) < LEAST_CALLS):
        began = time.perf_counter()
        call(**given)
        times.append(time.perf_counter() - began)
    return Latency(1e3 * statistics.median(times), len(times))


def differences(ours: Mapping[str, np.ndarray], theirs: Mapping[str, np.ndarray]) -> tuple[float, float]:
    """Return the greatest and the mean absolute difference of two sets of outputs, in the outputs' own unit."""
    apart = [np.abs(ours[name].astype(np.float64) - theirs[name].astype(np.float64)).ravel() for name in ours]
    together = np.concatenate(apart)
    # Not Python's `max`, which passes over NaN.
    return float(together.max()), float(together.mean())


def greatest(outputs: Mapping[str, np.ndarray]) -> float:
    """Return the greatest absolute value among outputs: what a difference is to be seen beside."""
    return float(np.max([np.max(np.abs(values.astype(np.float64)), initial=0.0) for values in outputs.values()]))


def size_of(path: Path) -> int:
    """Return the bytes of a file, or of all files in a folder."""
    if path.is_file():
        return path.stat().st_size
    return sum(part.stat().st_size for part in path.rglob("*") if part.is_file())
