"""Epsilon-greedy exploration, by environment step and drawn for each environment."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def linear(step: int, start: float, end: float, steps: int) -> float:
    """Return a value that goes from `start` at step 0 to `end` at step `steps` in a line, then stays."""
    if step >= steps:
        return end
    return start + (end - start) * (step / steps)


def epsilon_greedy(
    number: int, actions: int, epsilon: float, greedy: Callable[[], np.ndarray], rng: np.random.Generator
) -> np.ndarray:
    """Choose a uniform action with probability epsilon, else the greedy one, by a draw of its own for each row.

    Args:
        number: Rows.
        actions: How many actions there are to draw from.
        epsilon: Probability in [0, 1].
        greedy: Gives the greedy actions, int (number,); not called where every row explores.
        rng: Where the draws come from.

    Returns:
        int64 (number,).
    """
    if number == 1:
        # One environment is the common case, and scalars are several times faster than arrays of one.
        if rng.random() < epsilon:
            return np.array([int(rng.random() * actions)])
        return greedy()
    exploring = rng.random(number) < epsilon
    uniform = (rng.random(number) * actions).astype(np.int64)
    return uniform if exploring.all() else np.where(exploring, uniform, greedy())
