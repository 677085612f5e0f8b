"""Whether the arrays of a file are what its card says, found without bringing them into memory as a whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Discrete

from agents import spaces
from agents.episodes.files.columns import Columns

BLOCK_ROWS = 1 << 20


def check_columns(
    found: Columns, episodes: int, steps: int, pair: tuple[gymnasium.Space[Any], gymnasium.Space[Any]]
) -> None:
    """Check shapes, types and what the rows mean: whole episodes, finite rewards, actions there are.

    Args:
        found: The arrays of a file.
        episodes, steps: As many as its card says.
        pair: The card's observation space and action space.

    Raises:
        ValueError: When something does not fit; the message goes within another one.
    """
    observation, action = pair
    seen, acted = spaces.layout(observation), spaces.layout(action)
    paid = found.rewards.dtype if found.rewards.dtype == np.float32 else np.dtype(np.float64)
    expected: dict[str, tuple[tuple[int, ...], Any]] = {
        "observations": ((steps, *seen[0]), seen[1]),
        "final_observations": ((episodes, *seen[0]), seen[1]),
        "actions": ((steps, *acted[0]), acted[1]),
        "rewards": ((steps,), paid),
        "lengths": ((episodes,), np.dtype(np.int64)),
        "terminated": ((episodes,), np.dtype(bool)),
        "truncated": ((episodes,), np.dtype(bool)),
        "returns": ((episodes,), np.dtype(np.float64)),
    }
    for name, (shape, dtype) in expected.items():
        array = getattr(found, name)
        if array.shape != shape or array.dtype != dtype:
            raise ValueError(
                f"its {name} are {array.dtype} {array.shape}; its card of {episodes} episodes with {steps} steps says "
                f"{dtype} {shape}"
            )
    lengths = found.lengths
    if lengths.min() < 1 or lengths.max() > steps or lengths.sum() != steps:
        raise ValueError(f"its lengths are not those of {episodes} episodes with {steps} steps")
    for name in ("terminated", "truncated"):
        # Another byte than 0 and 1 is true in one place and false in another.
        if getattr(found, name).view(np.uint8).max() > 1:
            raise ValueError(f"its {name} are no flags")
    for name in ("rewards", "returns"):
        if not _every(getattr(found, name), lambda rows: np.isfinite(rows).all()):
            raise ValueError(f"its {name} are not finite")
    # Observations of a Discrete space are counted from its start, actions from 0.
    if isinstance(observation, Discrete):
        _check_between("observations", found.observations, int(observation.start), int(observation.n))
        _check_between("final_observations", found.final_observations, int(observation.start), int(observation.n))
    if isinstance(action, Discrete):
        _check_between("actions", found.actions, 0, int(action.n))


def _check_between(name: str, array: np.ndarray, first: int, number: int) -> None:
    last = first + number - 1
    if not _every(array, lambda rows: first <= rows.min() and rows.max() <= last):
        raise ValueError(f"its {name} are not all from {first} to {last}")


def _every(array: np.ndarray, holds: Callable[[np.ndarray], Any]) -> bool:
    # Block by block: a recording may be larger than memory.
    return all(holds(array[start : start + BLOCK_ROWS]) for start in range(0, len(array), BLOCK_ROWS))
