"""Which episodes to take, whether recordings go together, and numbers that describe them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lab.errors import UsageError, bad_value


def best(returns: np.ndarray, fraction: float) -> np.ndarray:
    """Return the numbers of the best episodes, int64, in rising order.

    Args:
        returns: float64 (E,).
        fraction: In (0, 1], rounded up to whole episodes; of equal returns the earlier ones are taken.
    """
    if isinstance(fraction, bool) or not 0.0 < fraction <= 1.0:
        raise bad_value("Episodes.filter", "top", fraction, "a fraction in (0, 1]", "0.1 keeps the best tenth.")
    # Rounded first, or the best 0.07 of 100 would be 8: 0.07 * 100 lies just above 7.
    return best_few(returns, int(np.ceil(round(fraction * len(returns), 6))))


def best_few(returns: np.ndarray, number: int) -> np.ndarray:
    """Return the numbers of so many of the best episodes, int64, in rising order; of equal returns the earlier ones."""
    return np.sort(np.argsort(-returns, kind="stable")[:number])


def check_alike(several: Sequence[Any]) -> None:
    """Raise `UsageError` unless there are recordings, all with the same spaces and from one environment."""
    if not several:
        raise UsageError("Episodes.mix received no episodes; expected at least one recording.")
    first = several[0]
    for other in several[1:]:
        for what in ("observation_space", "action_space", "environment"):
            ours, theirs = getattr(first, what), getattr(other, what)
            if ours != theirs:
                raise UsageError(
                    f"recordings of different environments cannot be joined: their {what}s are {ours} and {theirs}. "
                    "Fix: join recordings of one environment."
                )


def statistics(episodes: Any) -> dict[str, float]:
    """Return counts, and mean, std, quartiles and extremes of returns and lengths."""
    found: dict[str, float] = {
        "episodes": len(episodes),
        "steps": episodes.steps,
        "terminated": int(episodes.terminated.sum()),
        "truncated": int(episodes.truncated.sum()),
    }
    for name, values in (("return", episodes.returns), ("length", episodes.lengths)):
        quartiles = np.quantile(values, (0.25, 0.5, 0.75))
        named = zip(("q25", "median", "q75"), quartiles.tolist(), strict=True)
        found |= {f"{name}_{what}": float(getattr(values, what)()) for what in ("mean", "std", "min", "max")}
        found |= {f"{name}_{what}": value for what, value in named}
    return found
