"""Transitions: the dynamics of a finite decision process as dense arrays, without TensorFlow."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Transitions(NamedTuple):
    """Hold the dynamics of a finite decision process as dense arrays.

    Attributes:
        probabilities: float64 (states, actions, states), P[s, a, s']; every row P[s, a] sums to one.
        rewards: float64 (states, actions, states), R[s, a, s']: the reward of moving from s to s' with a, and zero
            wherever P[s, a, s'] is zero.
        terminal: bool (states,), the states that end an episode; their rows stay where they are and pay nothing.
    """

    probabilities: NDArray[np.float64]
    rewards: NDArray[np.float64]
    terminal: NDArray[np.bool_]
