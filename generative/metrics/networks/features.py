"""What images are compared by: networks that turn rows into features, each with a name that distances bear."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

import numpy as np


class Extracted(NamedTuple):
    """What a network sees in rows.

    Attributes:
        features: float32 (N, D).
        probabilities: float32 (N, K) of the classes, or None when the network knows none.
    """

    features: np.ndarray
    probabilities: np.ndarray | None = None


class FeatureNetwork(ABC):
    """A frozen network, in inference mode; distances of different networks have nothing to do with each other.

    Attributes:
        name: Of the Fréchet distance on its features, such as `FD-digits-v1`; another network gets another name.
        width: Features a row.
    """

    name: str
    width: int

    @abstractmethod
    def extract(self, rows: np.ndarray) -> Extracted:
        """Return features, and class probabilities where there are any, of rows in their data set's own range."""
