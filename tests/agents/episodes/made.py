"""Recordings small enough to know by heart."""

import numpy as np
from gymnasium.spaces import Box, Discrete

from agents import Episodes


def three(**changed):
    """Three episodes of 2, 1 and 3 steps with returns 1, 5 and -3; observations count up, finals are 100 and more."""
    given = {
        "observations": np.arange(6, dtype=np.float32)[:, None],
        "final_observations": np.array([[100.0], [101.0], [102.0]], np.float32),
        "actions": [0, 1, 2, 0, 1, 2],
        "rewards": np.array([0.0, 1.0, 5.0, -1.0, -1.0, -1.0]),
        "lengths": [2, 1, 3],
        "terminated": [True, False, False],
        "truncated": [False, True, False],
        "observation_space": Box(-200, 200, (1,), np.float32),
        "action_space": Discrete(3, start=5),
        "policy": "by hand",
        "seeds": (4,),
    }
    return Episodes.from_arrays(**{**given, **changed})


def same(first, second):
    """Return whether two recordings hold the same bits."""
    pairs = zip(first.columns, second.columns, strict=True)
    return all(a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes() for a, b in pairs)
