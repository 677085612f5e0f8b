"""One seed, many independent streams of random numbers; nothing draws from a global generator."""

from __future__ import annotations

import numpy as np

from lab.errors import bad_value

STREAMS = (
    "environment",
    "action_space",
    "exploration",
    "replay",
    "network",
    "data",
    "evaluation",
    "render",
    "sampling",
    "selection",
)


class Seeds:
    """Names the children of `numpy.random.SeedSequence(seed)`, so that streams never overlap.

    Args:
        seed: A whole number >= 0.
    """

    def __init__(self, seed: int = 0) -> None:
        if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
            raise bad_value("Experiment", "seed", seed, "a whole number >= 0")
        self.seed = int(seed)

    def sequence(self, stream: str, *path: int) -> np.random.SeedSequence:
        """Return the seed sequence of a stream, or of its child at `path`."""
        return np.random.SeedSequence(self.seed, spawn_key=(STREAMS.index(stream), *path))

    def generator(self, stream: str, *path: int) -> np.random.Generator:
        """Return a fresh PCG64 generator at the start of a stream."""
        return np.random.default_rng(self.sequence(stream, *path))

    def integer(self, stream: str, *path: int) -> int:
        """Return a 31-bit integer seed, for libraries that take nothing better."""
        return int(self.sequence(stream, *path).generate_state(1, np.uint32)[0] >> 1)
