"""What baselines answer, and what to know about it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class Baselines(dict[str, NDArray[np.float64]]):
    """Map each baseline to its predictions, the simplest first.

    Attributes:
        notes: What was cut down for the sake of time, or did not converge, by baseline.
        left_out: Why a baseline that one might expect is missing, by name.
    """

    def __init__(self) -> None:
        super().__init__()
        self.notes: dict[str, str] = {}
        self.left_out: dict[str, str] = {}
