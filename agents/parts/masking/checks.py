"""Reads `info["action_mask"]`, and holds an environment that gives it to its word."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium.spaces import Discrete

from lab.errors import UsageError

KEY = "action_mask"


def read_mask(where: str, when: str, space: Any, info: Any, ended: bool = False) -> np.ndarray:
    """Return which actions an environment allows, bool (A,).

    Args:
        where: What the environment is called in a message.
        when: At which step, in words.
        space: Of the actions.
        info: What came with the observation.
        ended: Whether the task terminated there: nothing is chosen any more, so nothing need be allowed.

    Raises:
        UsageError: For a mask that is missing, has another shape or dtype, or allows no action.
    """
    if KEY not in info:
        raise UsageError(
            f"{where} gave no info[{KEY!r}] at {when}, and one before; expected it after every reset and step. "
            "Fix: give it always, or action_masks=False to go without."
        )
    return checked_mask(f"{where} gave the {KEY}", f" at {when}", space, info[KEY], ended)


def checked_mask(what: str, when: str, space: Any, given: Any, ended: bool = False) -> np.ndarray:
    """Return a mask of one row or several, bool (..., A); see `read_mask`."""
    mask = given if isinstance(given, np.ndarray) else np.asarray(given)
    number = int(space.n) if isinstance(space, Discrete) else 0
    flags = mask.dtype.kind in "biu" and mask.shape[-1:] == (number,) and mask.ndim in (1, 2)
    if not flags or (mask.dtype.kind != "b" and not ((mask == 0) | (mask == 1)).all()):
        shown = np.array2string(mask, threshold=8).replace("\n", "")
        raise UsageError(
            f"{what} {shown} ({mask.dtype}, shape {mask.shape}){when}; expected {number} numbers 0 or 1, int8 or bool, "
            f"one for each action of {space}. Fix: give such a mask, or action_masks=False to go without."
        )
    mask = mask.astype(bool)
    if mask.any(axis=-1).all():
        return mask
    if not ended:
        raise UsageError(
            f"{what} {mask.astype(int).tolist()}{when}, which allows no action; expected at least one while the "
            "episode goes on. Fix: let the environment terminate the episode where nothing can be done."
        )
    return np.ones_like(mask)


def as_masks(space: Any, given: Any, number: int) -> np.ndarray | None:
    """Return what a user gave as masks of the actions for so many observations, bool (number, A); None for none.

    Raises:
        UsageError: For another shape, other numbers than 0 and 1, or a row that allows no action.
    """
    if given is None:
        return None
    mask = np.atleast_2d(checked_mask("action_mask received", "", space, given))
    if len(mask) != number:
        raise UsageError(f"action_mask received {len(mask)} rows for {number} observations; expected as many.")
    return mask
