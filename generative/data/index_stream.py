"""The order in which training meets the rows of a data set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lab.errors import CheckpointError
from lab.runs.state_checks import restore_generator


class IndexStream:
    """Deals row numbers in epochs: each row once an epoch, each epoch in an order of its own.

    Its state is the generator's state at the epoch's start and a cursor, whatever the size of the data.

    Args:
        size: Rows of the data set.
        rng: Where the orders are drawn from; the stream alone must use it.
    """

    def __init__(self, size: int, rng: np.random.Generator) -> None:
        self.size = size
        self.rng = rng
        self.epoch = -1
        self._begin_epoch()

    @property
    def epochs(self) -> float:
        """Epochs dealt so far."""
        return self.epoch + self.cursor / self.size

    def take(self, count: int, batch: int) -> np.ndarray:
        """Return the next rows, int32 (count, batch); a batch may span epochs."""
        indices = np.empty(count * batch, np.int32)
        filled = 0
        while filled < len(indices):
            if self.cursor == self.size:
                self._begin_epoch()
            part = self._order[self.cursor : self.cursor + len(indices) - filled]
            indices[filled : filled + len(part)] = part
            filled += len(part)
            self.cursor += len(part)
        return indices.reshape(count, batch)

    def get_state(self) -> dict[str, Any]:
        """Return what `set_state` needs to go on with the very next row."""
        return {"rng": self._start, "epoch": self.epoch, "cursor": self.cursor}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go on where `get_state` was called."""
        epoch, cursor = state["epoch"], state["cursor"]
        if type(epoch) is not int or type(cursor) is not int or epoch < 0 or not 0 <= cursor <= self.size:
            raise CheckpointError(
                f"IndexStream: the checkpoint goes on in epoch {epoch!r:.40} at row {cursor!r:.40}; expected whole "
                f"numbers >= 0, and at most {self.size} rows. Fix: resume with the data of the run."
            )
        restore_generator(self.rng, state["rng"], "IndexStream.rng")
        self.epoch = epoch - 1
        self._begin_epoch()
        self.cursor = cursor

    def _begin_epoch(self) -> None:
        self._start = self.rng.bit_generator.state
        self._order = self.rng.permutation(self.size).astype(np.int32)
        self.epoch += 1
        self.cursor = 0
