"""Chooses the head of a policy by its action space."""

from __future__ import annotations

import math
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete, MultiBinary, MultiDiscrete, Tuple

from agents.parts.actions import box_bounds
from agents.parts.heads.beta import Beta
from agents.parts.heads.categorical import Bernoulli, Categorical, MultiCategorical
from agents.parts.heads.gaussian import Gaussian, SquashedGaussian
from agents.parts.heads.head import PolicyHead
from lab.errors import bad_value

KINDS = ("gaussian", "squashed", "beta")


def head_for(
    owner: str, space: gymnasium.Space[Any], kind: str = "gaussian", by_state: bool = False, log_deviation: float = 0.0
) -> PolicyHead:
    """Return the head for a space of actions.

    Args:
        owner: Who asks, for messages.
        space: Discrete, MultiDiscrete, MultiBinary, a Tuple of Discrete, or a Box of fractions.
        kind: For a Box, one of `KINDS`.
        by_state: For a Gaussian, whether deviations follow from the observation.
        log_deviation: For a Gaussian, where log deviations start.

    Raises:
        UsageError: For other spaces, and for a kind that needs bounds where there are none.
    """
    if isinstance(space, Discrete):
        return Categorical(int(space.n))
    if isinstance(space, MultiDiscrete):
        return MultiCategorical(space.nvec.ravel().tolist(), space.start.ravel().tolist(), tuple(space.nvec.shape))
    if isinstance(space, MultiBinary):
        return Bernoulli(tuple(space.shape))
    if isinstance(space, Tuple) and all(isinstance(part, Discrete) for part in space.spaces):
        parts: list[Any] = list(space.spaces)
        return MultiCategorical([int(p.n) for p in parts], [int(p.start) for p in parts])
    if not isinstance(space, Box) or np.dtype(space.dtype).kind != "f" or not math.prod(space.shape):
        raise bad_value(
            owner, "the action space", space, "Discrete, MultiDiscrete, MultiBinary, a Tuple of Discrete, or a Box of "
            "fractions", "a wrapper that takes such actions, for example gymnasium.wrappers.TransformAction.",
        )  # fmt: skip
    if kind not in KINDS:
        raise bad_value(owner, "policy", kind, f"one of {', '.join(KINDS)}")
    if kind != "gaussian":
        check_bounded(owner, space, f"policy={kind!r}", "policy='gaussian', which needs none")
    if kind == "beta":
        return Beta(space)
    return (SquashedGaussian if kind == "squashed" else Gaussian)(space, by_state, log_deviation)


def check_bounded(owner: str, space: gymnasium.Space[Any], what: str, otherwise: str) -> None:
    """Raise `UsageError` for a Box without bounds on all sides, or one that bounds leave no room.

    Args:
        owner: Who asks.
        space: A Box.
        what: What needs the bounds.
        otherwise: What else mends it.
    """
    low, high = (np.asarray(bound).ravel() for bound in (space.low, space.high))  # type: ignore[attr-defined]
    wrong = ~box_bounds(space)[2] | (low >= high)
    if wrong.any():
        at = int(np.argmax(wrong))
        raise bad_value(
            owner, "the action space", space, f"finite bounds, low < high, for {what}; number {at} has {low[at]} to "
            f"{high[at]}", f"gymnasium.wrappers.TransformAction with bounds, or {otherwise}.",
        )  # fmt: skip
